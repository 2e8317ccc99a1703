import { defineErrors } from '#kernel';

export const explanationErrors = defineErrors('explanation', {
  'explanation-refused': {
    kind: 'refused',
    message: 'Whether this call would pass is told to its consumer, its provider and the operator alone.',
    next: 'Ask as one of them, and check the identifiers of consumer and service.',
  },
});
