import { defineErrors } from '#kernel';

export const logWatchErrors = defineErrors('log-watch', {
  'witness-policy-invalid': {
    kind: 'invalid',
    message: 'The witnesses of trust.json are no policy that can be followed.',
    next: 'Correct the line that is named (C2SP tlog-policy: witness, group, quorum).',
  },
});
