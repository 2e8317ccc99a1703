import type { AccessPlan } from '#postgres';

/** Keys are made and destroyed, never changed. */
export const keyAccess: AccessPlan = {
  epoch_key: { insert: true },
  data_key: { insert: true, delete: true },
  opening_key: { insert: true, delete: true },
  doomed_key: { insert: true, delete: true },
  closed_commitment: { insert: true, delete: true },
  erasure_mark: { insert: true, update: ['before_idx', 'erased_ms', 'until_ms'], delete: true },
};
