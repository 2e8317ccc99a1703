import { defineErrors } from '#kernel';

export const trustErrors = defineErrors('trust', {
  'trust-file-unreadable': {
    kind: 'unavailable',
    message: 'The trust file cannot be read.',
    next: 'Give its path in KEREGE_TRUST_FILE (kerege verify: --trust); the sandbox writes ./data/trust.json.',
  },
  'trust-file-invalid': {
    kind: 'invalid',
    message: 'The trust file is not what a trust file should be.',
    next: 'Get trust.json again from the operator of the instance, by a way that you trust.',
  },
  'keys-unreadable': {
    kind: 'unavailable',
    message: 'The folder of keys, or a key file in it, cannot be read.',
    next: 'Give its path in KEREGE_KEYS_DIR and let this process read it.',
  },
  'key-file-mode': {
    kind: 'refused',
    message: 'A key file can be read by others.',
    next: 'Take the right away: chmod 600 on the file that is named, then consider whether the key is still secret.',
  },
});
