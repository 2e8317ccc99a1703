import { defineErrors } from '#kernel';

export const logWatchErrors = defineErrors('log-watch', {
  'witness-policy-invalid': {
    kind: 'invalid',
    message: 'The witnesses of trust.json are no policy that can be followed.',
    next: 'Correct the line that is named (C2SP tlog-policy: witness, group, quorum).',
  },
  'trust-log-key': {
    kind: 'invalid',
    message: 'A log key of the trust file is no vkey.',
    next: 'Get trust.json again from the operator of the instance, by a way that you trust.',
  },
  'log-note-broken': {
    kind: 'broken',
    message: 'The note that this process remembers of the log cannot be read, or trust.json names another key for it.',
    next: 'Compare the file that is named with the log; remove it only if you know why it is broken: it is what tells a private tree.',
  },
  'log-files-unavailable': {
    kind: 'unavailable',
    message: 'The files of the log cannot be read now.',
    next: 'Nothing is lost: they are read again by themselves. If it lasts, look at the audit service.',
  },
  'log-files-denied': {
    kind: 'refused',
    message: 'The audit service does not let this process read the leaves of the log.',
    next: 'Give it a token whose hash stands in KEREGE_AUDIT_READER_TOKENS.',
  },
  'log-files-broken': {
    kind: 'broken',
    message: 'What the audit service answers is no file of a log.',
    next: 'Look at what answers under the address of the audit service.',
  },
});
