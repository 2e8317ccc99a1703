import { setting } from '#platform';

/** How an app reaches keys that lie in tokens; every app that signs spreads this into its own definition. */
export const pkcs11Settings = {
  pkcs11Module: setting.text({
    env: 'KEREGE_PKCS11_MODULE',
    default: '',
    meaning:
      'Library of the maker of the token, e.g. /usr/lib/softhsm/libsofthsm2.so; it runs in a process of its own. Empty: all keys lie in files.',
  }),
  pkcs11PinFile: setting.text({
    env: 'KEREGE_PKCS11_PIN_FILE',
    default: '',
    meaning: "File that holds the user's PIN of the token, mode 0600; a key's URI may name another by pin-source.",
  }),
  pkcs11Sessions: setting.integer({
    env: 'KEREGE_PKCS11_SESSIONS',
    default: 4,
    min: 1,
    max: 64,
    meaning: 'Sessions with each token: so many signatures are made at the same time.',
  }),
  pkcs11Queue: setting.integer({
    env: 'KEREGE_PKCS11_QUEUE',
    default: 1_000,
    min: 1,
    max: 100_000,
    meaning: 'Signatures that may wait for a token; more are refused at once (signer-unavailable).',
  }),
  pkcs11TimeoutMs: setting.durationMs({
    env: 'KEREGE_PKCS11_TIMEOUT_MS',
    default: 2_000,
    min: 50,
    max: 60_000,
    meaning: 'How long a signature may take, its wait included; a token that says nothing for so long is opened anew.',
  }),
  pkcs11Environment: setting.list({
    env: 'KEREGE_PKCS11_ENVIRONMENT',
    default: ['SOFTHSM2_CONF'],
    meaning: "Names of the variables of the environment that the maker's library is given; it sees no others of ours.",
  }),
};

export interface Pkcs11Settings {
  readonly pkcs11Module: string;
  readonly pkcs11PinFile: string;
  readonly pkcs11Sessions: number;
  readonly pkcs11Queue: number;
  readonly pkcs11TimeoutMs: number;
  readonly pkcs11Environment: readonly string[];
}
