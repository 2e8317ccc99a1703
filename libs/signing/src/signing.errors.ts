import { defineErrors } from '#kernel';

/** Surprises of signing: what our own process or its operator did wrong. What others sent wrong is a `Result`. */
export const signingErrors = defineErrors('signing', {
  'statement-unsound': {
    kind: 'broken',
    message: 'A statement was about to be signed that breaks its own rules.',
    next: 'Report this with the exchange id: nothing was signed or sent.',
  },
  'key-unusable': {
    kind: 'broken',
    message: 'A key cannot be used: it is malformed, or its halves do not belong together.',
    next: 'Replace the key file named in the log by an intact copy.',
  },
  'key-missing': {
    kind: 'broken',
    message: 'A key that this process must hold is not in its key directory.',
    next: 'Put the key file named in the log into KEREGE_KEYS_DIR, mode 0600.',
  },
  'device-missing': {
    kind: 'broken',
    message: 'A key lies in a PKCS#11 token, and this process was given no module to reach it by.',
    next: 'Set KEREGE_PKCS11_MODULE and KEREGE_PKCS11_PIN_FILE, see docs/operations/hsm.md.',
  },
  'signer-unavailable': {
    kind: 'unavailable',
    message: 'The token that holds the signing key does not answer, so nothing was signed.',
    next: 'Try again after Retry-After; the operator finds the cause in /status and docs/operations/hsm.md.',
  },
});
