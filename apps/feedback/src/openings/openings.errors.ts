import { defineErrors } from '#kernel';

export const openingErrors = defineErrors('openings', {
  'opening-inbox-full': {
    kind: 'unavailable',
    message: 'Too many openings wait for their leaves.',
    next: 'Look why the log is not followed; openings stay on their topic meanwhile. Else somebody sends openings of no leaf.',
  },
});
