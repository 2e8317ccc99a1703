import type { AccessPlan } from '#postgres';

const grows = { insert: true } as const;

/**
 * What the role of feedback may do beside reading. What the log says only grows; an opening leaves the inbox when it is
 * indexed.
 */
export const access: AccessPlan = {
  followed_log: { insert: true, update: ['next_idx', 'frontier'] },
  exchange: grows,
  sequel: grows,
  commitment: { insert: true, update: ['state', 'ask_ms'] },
  inbox: { insert: true, update: ['is_ready'], delete: true },
  opening_offset: { insert: true, update: ['next_offset'] },
  subject_access: grows,
  compromise: grows,
  person_link: { insert: true, update: ['revoked_hash', 'revoked_ms'] },
  concealment_order: grows,
  concealed_access: { insert: true, update: ['is_over'] },
  own_statement: { insert: true, update: ['due_ms', 'attempts', 'is_given_up', 'log_id', 'idx'] },
};
