import { deliveriesAccess } from '#deliveries';
import type { AccessPlan } from '#postgres';

const grows = { insert: true } as const;

/**
 * What the role of feedback may do beside reading. What the log says only grows; an opening leaves the inbox when it is
 * indexed; who acted may become known later than whom it concerned. A row of the index goes by the eraser's hand alone.
 */
export const access: AccessPlan = {
  followed_log: { insert: true, update: ['next_idx', 'frontier'] },
  exchange: grows,
  sequel: grows,
  exchange_kind: grows,
  answer_elsewhere: grows,
  commitment: { insert: true, update: ['state', 'ask_ms'] },
  inbox: { insert: true, update: ['is_ready'], delete: true },
  opening_offset: { insert: true, update: ['next_offset', 'last_hash'] },
  subject_access: { insert: true, update: ['end_user'], erasable: true },
  ...deliveriesAccess,
  question: {
    insert: true,
    update: ['sealed', 'answered', 'answered_ms', 'answer_enc', 'is_overdue_told'],
    erasable: true,
  },
  correction_case: {
    insert: true,
    update: [
      ...['owner', 'portal', 'state', 'record', 'deadlines', 'details', 'content_id', 'sealed', 'recipients_enc'],
      ...['pending', 'pending_leaf', 'pending_sealed', 'portal_copy', 'is_astray', 'work_ms', 'changed_ms'],
    ],
    erasable: true,
  },
  correction_count: { insert: true, update: ['n'] },
  correction_step: grows,
  correction_words: { insert: true, erasable: true },
  correction_notice: {
    insert: true,
    update: ['sealed', 'action', 'reason', 'acked_leaf', 'acked_ms'],
    erasable: true,
  },
  notification: { insert: true, update: ['read_ms'], erasable: true },
  notification_delivery: {
    insert: true,
    update: ['state', 'attempts', 'why', 'holder', 'due_ms', 'at_ms'],
    erasable: true,
  },
  notification_preference: { insert: true, update: ['preference_enc', 'key_id', 'changed_ms'], erasable: true },
  element_ledger: { insert: true, update: ['last_snap'] },
  element_places: grows,
  correction_order: grows,
  correction_access: grows,
  compromise: { insert: true, erasable: true },
  person_link: { insert: true, update: ['revoked_hash', 'revoked_ms'], erasable: true },
  concealment_order: grows,
  concealed_access: { insert: true, update: ['is_over'] },
  own_statement: { insert: true, update: ['due_ms', 'attempts', 'is_given_up', 'log_id', 'idx'] },
  erasure: { insert: true, update: ['leaf_hash'], delete: true },
  erased_key: { insert: true, update: ['is_done'] },
  retention_pass: { insert: true, update: ['n', 'until_ms'], delete: true },
  retention_certificate: { insert: true, update: ['until_ms'] },
};
