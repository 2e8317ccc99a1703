import { defineErrors } from '#kernel';

export const registryCopyErrors = defineErrors('registry-copy', {
  'registry-memory-broken': {
    kind: 'broken',
    message: 'What this process remembers of the registry cannot be read, or a member’s keys in it do not hold.',
    next: 'Compare the file that is named with that of another process; remove it only if you know why it is broken: without it the next key that the registry shows of a member is believed.',
  },
});
