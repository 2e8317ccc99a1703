import { defineErrors } from '#kernel';

export const usageErrors = defineErrors('feedback-usage', {
  'usage-too-much': {
    kind: 'invalid',
    message: 'The period holds more uses than are counted at once.',
    next: 'Give "periodStart" and "periodEnd" closer to each other, or read the history page by page at /v1/subjects/me/accesses.',
  },
  'user-foreign': {
    kind: 'refused',
    status: 403,
    message: '"X-Road-UserId" is not the person who has signed in.',
    next: 'Name there the end user of the assertion in "Kerege-End-User".',
  },
});
