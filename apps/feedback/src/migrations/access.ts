import type { AccessPlan } from '#postgres';

const grows = { insert: true } as const;

/**
 * What the role of feedback may do beside reading. What the log says only grows; an opening leaves the inbox when it is
 * indexed; who acted may become known later than whom it concerned.
 */
export const access: AccessPlan = {
  followed_log: { insert: true, update: ['next_idx', 'frontier'] },
  exchange: grows,
  sequel: grows,
  commitment: { insert: true, update: ['state', 'ask_ms'] },
  inbox: { insert: true, update: ['is_ready'], delete: true },
  opening_offset: { insert: true, update: ['next_offset', 'last_hash'] },
  subject_access: { insert: true, update: ['end_user'] },
};
