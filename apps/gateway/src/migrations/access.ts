import type { AccessPlan } from '#postgres';

/** What the role of a gateway may do beside reading. Rows go by the eraser's hand alone, when their time is over. */
export const access: AccessPlan = {
  exchange: {
    insert: true,
    update: [
      'outcome',
      'outcome_code',
      'outcome_side',
      'outcome_jws',
      'outcome_by',
      'answer_head',
      'ended_ms',
      'receipted',
    ],
    erasable: true,
  },
  correction_filing: {
    insert: true,
    update: [
      'sealed_by_key',
      'state',
      'verified_seq',
      'verified_ms',
      'unseen_why',
      'is_refused',
      'unseen_ms',
      'asked_ms',
    ],
    erasable: true,
  },
  client_assertion: { insert: true, erasable: true },
  idempotency_key: { insert: true, update: ['exchange_id', 'created_ms'], erasable: true },
};
