import { defineErrors } from '#kernel';

export const accessLogErrors = defineErrors('audit-access', {
  'access-unrecorded': {
    kind: 'unavailable',
    message: 'The query could not be recorded in the log in time, so it is not answered.',
    next: 'Try again with a fresh token; /status of this service says what is missing.',
  },
  'access-busy': {
    kind: 'unavailable',
    message: 'As many queries wait to be recorded as this service takes.',
    next: 'Try again in a few seconds.',
  },
});
