import { defineErrors } from '#kernel';

export const windowsErrors = defineErrors('audit-windows', {
  'window-unknown': {
    kind: 'not-found',
    message: 'This service has no log of that origin.',
    next: 'Take an origin from /.well-known/audit-logs.json, or leave `log` out for the open window.',
  },
  'window-not-frozen': {
    kind: 'conflict',
    message: 'This window is still written, or still looked into for duplicates.',
    next: 'Wait until /.well-known/audit-logs.json shows it as frozen, a day after it was closed.',
  },
  'window-files-missing': {
    kind: 'invalid',
    message:
      'The folder does not hold the whole window: its checkpoint, or a file that this covers, is missing or wrong.',
    next: 'Give the folder to which the log is exported (KEREGE_AUDIT_EXPORT_DIR); details name the file.',
  },
  'window-name': {
    kind: 'invalid',
    message: 'The log cannot be rotated: its name ends with no half-year, as in …/2026h2.',
    next: 'Nothing can be done for this log; name the first window of a new one so.',
  },
  'key-exists': {
    kind: 'conflict',
    message: 'There is a key for that window already.',
    next: 'Use it: its vkey is printed by the same command once the file is moved away. Keys are never replaced.',
  },
  'operator-command': {
    kind: 'invalid',
    message: 'No such command, or a word too few.',
    next: 'windows | rotate | key <window> | detach <window>',
  },
});
