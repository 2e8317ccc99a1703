import { defineErrors } from '#kernel';

export const keyStoreErrors = defineErrors('key-store', {
  'key-store-unreadable': {
    kind: 'broken',
    message: 'A key in feedback’s key store does not open under the key of its key file.',
    next: 'Start feedback with the key file with which the key store was made; without it nothing in it opens.',
  },
});
