import { defineErrors } from '#kernel';

export const followerErrors = defineErrors('log-follower', {
  'followed-log-broken': {
    kind: 'broken',
    message: 'What feedback remembers of a log cannot be read.',
    next: 'Restore its database; the log is followed on from there.',
  },
});
