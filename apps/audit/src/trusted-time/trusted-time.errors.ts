import { defineErrors } from '#kernel';

export const trustedTimeErrors = defineErrors('audit-trusted-time', {
  'time-roots-unusable': {
    kind: 'invalid',
    message: 'Time-stamp authorities are configured, but trust.json holds no root certificate to judge them by.',
    next: 'Put the authorities’ root certificates, PEM, into "timestampRoots" of the trust file, or name no authority.',
  },
  'time-authority-unreachable': {
    kind: 'unavailable',
    message: 'A time-stamp authority did not answer as RFC 3161 says.',
    next: 'Nothing: the next one is asked, and both again later. Look at its URL if it stays.',
  },
  'time-token-refused': {
    kind: 'unavailable',
    message: 'A time-stamp authority answered with a token that is not good.',
    next: 'The reason is named. If it stays, tell the authority; a wrong chain may mean that its root has changed.',
  },
  'time-unavailable': {
    kind: 'unavailable',
    message: 'No time-stamp authority gave a good token.',
    next: 'Exchanges go on without it. After ten minutes it is an alarm: look at the reasons logged for each authority.',
  },
  'checkpoint-unpublished': {
    kind: 'unavailable',
    message: 'The checkpoint that is to be stamped was not published in time.',
    next: 'Ask again. If it stays, look at why this process publishes none: /status names its witnesses, the log the broker.',
  },
  'timestamp-unknown': {
    kind: 'not-found',
    message: 'No time-stamp token covers that leaf or size (yet).',
    next: 'A token is fetched each minute while the log grows; ask again.',
  },
});
