import { defineErrors } from '#kernel';

export const erasureErrors = defineErrors('feedback-erasure', {
  'erasure-compromised': {
    kind: 'conflict',
    message: 'Somebody else has perhaps acted in this person’s name, so that nothing of it is erased for now.',
    next: 'Have the person call the operator: whoever did it must not be able to erase the traces.',
  },
});
