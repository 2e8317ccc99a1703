import { defineErrors } from '#kernel';

export const witnessErrors = defineErrors('sandbox-witness', {
  'witness-settings': {
    kind: 'invalid',
    message: 'The witness cannot be started with these settings.',
    next: 'Compare them with the table in apps/sandbox/README.md.',
  },
  'witness-memory-broken': {
    kind: 'broken',
    message: 'What the witness remembers of a log cannot be read, so it cannot tell whether that log is forked.',
    next: 'Do not delete the file: a witness that has forgotten cosigns anything. Restore it, or retire this witness’s key.',
  },
});
