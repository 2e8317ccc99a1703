import { defineErrors } from '#kernel';

export const accessHistoryErrors = defineErrors('feedback-accesses', {
  'cursor-foreign': {
    kind: 'invalid',
    message: 'The cursor is none of this question.',
    next: 'Ask for the first page again, and for the next ones with the same filters.',
  },
  'period-invalid': {
    kind: 'invalid',
    message: 'The period ends before it begins.',
    next: 'Give "from" an instant before "until".',
  },
});
