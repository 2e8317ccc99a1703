import { defineErrors } from '#kernel';

export const evidenceErrors = defineErrors('evidence', {
  'evidence-unavailable': {
    kind: 'unavailable',
    message: 'The evidence cannot be put together now: the log does not answer, or does not hold all of it yet.',
    next: 'Try again in a few seconds.',
  },
  'evidence-busy': {
    kind: 'unavailable',
    message: 'As much evidence is being put together as this gateway does at once.',
    next: 'Try again after Retry-After.',
  },
  'log-unreachable': {
    kind: 'unavailable',
    message: 'The log does not answer.',
    next: 'Try again later; if it lasts, the operator must bring the audit service back.',
  },
  'log-answer-invalid': {
    kind: 'broken',
    status: 502,
    message: 'The log answered something that it should not.',
    next: 'Tell the operator; nothing of it was believed.',
  },
});
