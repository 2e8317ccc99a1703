import { defineErrors } from '#kernel';

export const openingErrors = defineErrors('openings', {
  'opening-inbox-full': {
    kind: 'unavailable',
    message: 'Too many openings wait for their leaves.',
    next: 'Look why the log is not followed; openings stay on their topic meanwhile. Else somebody sends openings of no leaf, which are let go when their leaf is late.',
  },
  'opening-topic-broken': {
    kind: 'unavailable',
    message: 'The topic of openings does not go on where it was left.',
    next: 'Nothing, if it is told once: reading begins anew, and the alarm says where. What is lost is asked for again.',
  },
});
