import { defineErrors } from '#kernel';

export const cliErrors = defineErrors('cli', {
  'file-unreadable': {
    kind: 'invalid',
    message: 'The file cannot be read.',
    next: 'Check its path and that you may read it.',
  },
  'key-file-unusable': {
    kind: 'invalid',
    message: 'The key file holds no private key to sign with.',
    next: 'Give the folder of the subsystem’s keys with --keys.',
  },
  'definition-invalid': {
    kind: 'invalid',
    message: 'The definition has problems; nothing was sent.',
    next: 'Correct every line that is listed, then apply again.',
  },
  'apply-refused': {
    kind: 'refused',
    message: 'The registry refuses the definition; nothing was changed.',
    next: 'Correct what is listed, then apply again.',
  },
  'server-unreachable': {
    kind: 'unavailable',
    message: 'Nobody answers at this address.',
    next: 'Start the instance (npm start), or give the right address; the address is listed.',
  },
  'server-refused': {
    kind: 'refused',
    message: 'The server answered with an error.',
    next: 'See what it says, which is listed.',
  },
  'evidence-missing': {
    kind: 'unavailable',
    message: 'The exchange is done, but its evidence could not be fetched.',
    next: 'Try "kerege verify <url> --client <id>" with the address that is listed in a few seconds.',
  },
  'not-verified': {
    kind: 'refused',
    message: 'NOT VERIFIED: this evidence proves nothing.',
    next: 'Do not rely on it. Fetch it again, and compare trust.json with the fingerprints that the operator publishes.',
  },
  'instance-running': {
    kind: 'conflict',
    message: 'An instance runs on these data.',
    next: 'Stop it with Ctrl-C where it runs, then reset again.',
  },
  'data-dir-foreign': {
    kind: 'refused',
    message: 'This folder does not look like the data of an instance, so it is not emptied.',
    next: 'Give the folder that holds trust.json and keys/ with --data.',
  },
});
