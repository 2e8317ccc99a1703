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
  'key-file-malformed': {
    kind: 'invalid',
    message: 'The key file is none: it holds no JWK set.',
    next: 'Check the identifier and the folder given with --keys; restore the file from its copy.',
  },
  'key-unknown': {
    kind: 'invalid',
    message: 'The key file holds no such key.',
    next: 'See what it holds with kerege keys list.',
  },
  'key-there': {
    kind: 'conflict',
    message: 'The key file holds this key already, perhaps as one that has ended.',
    next: 'See kerege keys list; make another key pair in the token, and name that one.',
  },
  'key-last': {
    kind: 'refused',
    message: 'It is the last valid key of its use; without it the owner could do nothing.',
    next: 'Make another first with kerege keys rotate, bring it where it is used, and apply.',
  },
  'key-set-full': {
    kind: 'refused',
    message: 'The key file is full: no more keys can be published.',
    next: 'Take keys out of the file that ended long ago and that nothing is read with any more.',
  },
  'key-file-there': {
    kind: 'conflict',
    message: 'The information system has a key file already; it is not written over.',
    next: 'Bring the old file away first, and leave its credential in the definition until the new one is in use.',
  },
  'key-use-strange': {
    kind: 'invalid',
    message: 'A member itself has keys to sign with only.',
    next: 'Name the subsystem whose sealing key is to be made.',
  },
  'key-use-token': {
    kind: 'invalid',
    message: 'Sealing keys are not kept in tokens: each record is opened with one.',
    next: 'Leave --pkcs11 out for --use seal.',
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
  'sign-in-refused': {
    kind: 'refused',
    message: 'The identity provider did not sign this person in.',
    next: 'Give a test identity of the sandbox (TEST000007, OFF000001) that fits the client, and the provider with --issuer.',
  },
  'not-signed-in': {
    kind: 'refused',
    message: 'The registry asks who you are, and there is no token.',
    next: 'Sign in with kerege login, or put a token into KEREGE_TOKEN.',
  },
  'change-refused': {
    kind: 'refused',
    message: 'The registry refuses it; nothing was changed.',
    next: 'Look at the reason; kerege changes list shows what is open.',
  },
  'not-confirmed': {
    kind: 'refused',
    message: 'Nothing was sent.',
    next: 'Answer with y, or give --yes where nobody can be asked.',
  },
  'answer-strange': {
    kind: 'unavailable',
    message: 'The server answered with something that this command does not understand.',
    next: 'Check the address, which is listed, and that both are of the same version.',
  },
  'question-unreadable': {
    kind: 'refused',
    message: 'The question cannot be read with the keys of this key file, so it cannot be answered.',
    next: 'Give the folder that holds the sealing key with which it was asked, with --keys.',
  },
  'question-closed': {
    kind: 'refused',
    message: 'This question has an answer already.',
    next: 'See "kerege questions list" for those that wait.',
  },
  'registry-unbelievable': {
    kind: 'refused',
    message: 'What the registry announces is not what a registry key of trust.json has signed, or is not in force.',
    next: 'Check the address and trust.json; if both are right, tell the operator. Nothing was sealed or sent.',
  },
  'correction-words': {
    kind: 'invalid',
    message: 'This is no act in a correction; what is wrong is listed.',
    next: 'Correct it; see "kerege correction --help".',
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
  'log-not-verified': {
    kind: 'refused',
    message: 'NOT VERIFIED: this log, or this copy of it, is not what its checkpoint says.',
    next: 'Keep what you have, the checkpoint above all; verify another copy, and ask the operator and the auditors.',
  },
  'log-refused': {
    kind: 'unavailable',
    message: 'The log’s server does not give out a file.',
    next: 'If it answers 401, give a reader’s token with --token-file; else see the status that is listed.',
  },
  'state-unreadable': {
    kind: 'invalid',
    message: 'The state of the last verification is not what a verification writes.',
    next: 'Remove it to verify from the first leaf; keep the checkpoint in it to compare with: --against.',
  },
  'state-unwritten': {
    kind: 'unavailable',
    message: 'The verdict stands, but its state could not be written for the next time.',
    next: 'Make room or give another --state; else the next verification begins where the last one did.',
  },
  'monitor-alarmed': {
    kind: 'refused',
    message: 'There were alarms.',
    next: 'Each alarm says what to do; until that is done, do not rely on what stands in your name.',
  },
  'monitor-without-keys': {
    kind: 'invalid',
    message: 'The monitor was not told which keys are yours.',
    next: 'Give --keys-dir with the subsystem’s key file, or --key <thumbprint> for each of them.',
  },
  'own-file-invalid': {
    kind: 'invalid',
    message: 'The file of own statements has a line that is no leaf hash.',
    next: 'Put one leaf hash a line: base64url, hex, or a JSON object with "leaf".',
  },
  'completeness-not-shown': {
    kind: 'refused',
    message: 'What feedback shows is not all that the log holds.',
    next: 'Keep the signed report. Run it once more; if it finds the same, ask the operator to explain each line.',
  },
  'conceal-incomplete': {
    kind: 'invalid',
    message: 'The order lacks something that it has to say.',
    next: 'Give --until (an instant) and --operator to order; --countersign <id> and the authority’s --salt to countersign.',
  },
  'conceal-other-act': {
    kind: 'refused',
    message: 'The order in the log is not by this act, or not for this subsystem to countersign; nothing was signed.',
    next: 'Ask the authority for the act and the salt again; if they are right, somebody has ordered something else.',
  },
  'tour-astray': {
    kind: 'refused',
    message: 'The sandbox did not do what this step of the tour shows.',
    next: 'See what was expected, which is listed. A sandbox with changes of yours: npm run reset, then npm start, then the tour.',
  },
  'tour-interrupted': {
    kind: 'refused',
    message: 'The tour was interrupted.',
    next: 'See above whether everything was put back; kerege tour begins it anew.',
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
