import { defineErrors } from '#kernel';

export const snapshotsErrors = defineErrors('audit-snapshots', {
  'snapshot-unknown': {
    kind: 'not-found',
    message: 'No snapshot of that digest was ever accepted into this log.',
    next: 'Take the digest from the first line of a manifest’s digest list.',
  },
  'manifest-unknown': {
    kind: 'not-found',
    message: 'The log has no manifest before that index.',
    next: 'Ask with the index of a leaf of this log.',
  },
});
