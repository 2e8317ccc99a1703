import { defineErrors } from '#kernel';

export const witnessErrors = defineErrors('audit-witness', {
  'log-forked': {
    kind: 'broken',
    message: 'Somebody remembers another tree under this log’s key: its history was rewritten',
    next: 'Do not start it and publish nothing: page a human, keep the database and what is named in the details',
  },
  'witnesses-silent': {
    kind: 'unavailable',
    message:
      'No witness could be asked what it remembers of this log, so it is not known whether the log was rolled back',
    next: 'Bring a witness back. If none can be had, two operators may start the log together (KEREGE_AUDIT_START_APPROVAL)',
  },
  'witness-policy': {
    kind: 'invalid',
    message:
      'The witnesses of trust.json and those of KEREGE_AUDIT_WITNESSES do not agree, or their policy cannot be read',
    next: 'Correct the line that is named; each witness needs a vkey in trust.json and an address in the setting',
  },
  'exported-checkpoint': {
    kind: 'broken',
    message: 'The checkpoint in the export folder cannot be read, or is not of this log',
    next: 'Compare it with the log; remove it only if it is certain that nobody was shown it',
  },
});
