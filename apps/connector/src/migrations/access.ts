import { deliveriesAccess } from '#deliveries';
import type { AccessPlan } from '#postgres';

/** What the role of a connector may do beside reading. Ended rows of the journal go by the eraser's hand alone. */
export const access: AccessPlan = {
  journal: { insert: true, update: ['state', 'statement', 'answer', 'opening', 'receipted'], erasable: true },
  ...deliveriesAccess,
  dispute: { insert: true, update: ['at_ms', 'rev', 'value'], delete: true },
  quota: { insert: true, update: ['taken', 'lot'], delete: true },
  dispute_cursor: { insert: true, update: ['next_offset'] },
};
