import { defineErrors } from '#kernel';

export const followerErrors = defineErrors('log-follower', {
  'followed-log-broken': {
    kind: 'broken',
    message: 'What feedback remembers of a log cannot be read.',
    next: 'Restore its database; the log is followed on from there.',
  },
  'feedback-trust': {
    kind: 'invalid',
    message: 'A log key of the trust file is no vkey.',
    next: 'Get trust.json again from the operator of the instance, by a way that you trust.',
  },
});
