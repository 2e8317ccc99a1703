import { defineErrors } from '#kernel';

export const disputeErrors = defineErrors('connector-disputes', {
  'disputes-full': {
    kind: 'unavailable',
    message: 'More data are disputed than a connector can hold the flags of.',
    next: 'Look at feedback why so many reviews are open at once; what comes waits on its topic meanwhile.',
  },
});
