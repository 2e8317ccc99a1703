import type { AccessPlan } from '#postgres';

const grows = { insert: true, triggers: ['only_grows'] } as const;

/**
 * What the role of this service may do beside reading: add to the log, move its head, and keep its own places. A table
 * that a migration adds belongs here as well, or the service can only read it.
 */
export const access: AccessPlan = {
  log_head: {
    insert: true,
    update: ['size', 'root', 'frontier', 'next_offset', 'epoch', 'note', 'updated', 'final_size', 'closed'],
    triggers: ['never_goes', 'never_shrinks', 'stays_closed'],
  },
  // A partition for each window is made by a function of the owner, which can do nothing else.
  log_leaf: { ...grows, calls: ['make_leaf_partition(int)'] },
  log_tile: grows,
  log_anchor: grows,
  manifest: grows,
  snapshot: grows,
  rotation_request: { insert: true },
  scrub_finding: { insert: true },
  leaf_index: { insert: true },
  leaf_index_cursor: { insert: true, update: ['idx'] },
  access_query: { insert: true },
  cursor_key: { insert: true },
  sweep_cursor: { insert: true, update: ['idx'] },
  scrub_cursor: { insert: true, update: ['part', 'position', 'passes', 'passed'] },
};
