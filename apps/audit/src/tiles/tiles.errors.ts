import { defineErrors } from '#kernel';

export const tilesErrors = defineErrors('audit-tiles', {
  // Always 404, whatever is wrong with the path: a tile client falls back to the full tile on 404 only.
  'tile-unknown': {
    kind: 'not-found',
    message: 'The log has no such file (yet).',
    next: 'Read the checkpoint for the size of the log; a partial tile may have become a full one.',
  },
});
