import { defineErrors } from '#kernel';

/** What operators and owners of keys meet; who waits for a signature meets `signer-unavailable` of `#signing`. */
export const pkcs11Errors = defineErrors('pkcs11', {
  'key-uri-malformed': {
    kind: 'invalid',
    message: 'This is no URI of a key in a token.',
    next: 'Write pkcs11:token=LABEL;object=LABEL or pkcs11:token=LABEL;id=%01, with ?pin-source=file:/path if need be; never a PIN.',
  },
  'devices-too-many': {
    kind: 'broken',
    message: 'The key files of this process name more tokens than it can hold open.',
    next: 'Let one process serve the keys of at most 32 tokens.',
  },
  'token-key-unusable': {
    kind: 'invalid',
    message: 'The key of this URI is not one that statements can be signed with.',
    next: 'Make an Ed25519 or P-256 key pair in the token, with its public key object beside it.',
  },
});
