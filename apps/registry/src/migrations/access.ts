import type { AccessPlan } from '#postgres';

const replaced = { insert: true, delete: true } as const;
/** Goes with its member or service, by the owner's foreign keys. */
const dependent = { insert: true } as const;

/** What the role of the registry may do beside reading: registers are replaced as a whole, the manifests' chain grows. */
export const access: AccessPlan = {
  member: replaced,
  purpose: replaced,
  legal_basis: replaced,
  instance: replaced,
  snapshot: replaced,
  subsystem: dependent,
  published_key: dependent,
  service: dependent,
  endpoint: dependent,
  agreement: dependent,
  openapi_document: dependent,
  definition_version: { insert: true, triggers: ['definition_version_stays'] },
  change_request: { insert: true, triggers: ['change_request_stays'] },
  change_event: { insert: true, triggers: ['change_event_stays'] },
  change_leaf: { insert: true, update: ['state', 'log_index'] },
  manifest: { insert: true, update: ['state', 'log_index'], delete: true },
};
