import { defineErrors } from '#kernel';

export const logWatchErrors = defineErrors('log-watch', {
  'witness-policy-invalid': {
    kind: 'invalid',
    message: 'The witnesses of trust.json are no policy that can be followed.',
    next: 'Correct the line that is named (C2SP tlog-policy: witness, group, quorum).',
  },
  'log-note-broken': {
    kind: 'broken',
    message: 'The note that this process remembers of the log cannot be read, or trust.json names another key for it.',
    next: 'Compare the file that is named with the log; remove it only if you know why it is broken: it is what tells a private tree.',
  },
});
