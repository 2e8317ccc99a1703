import { defineErrors } from '#kernel';

export const erasureErrors = defineErrors('feedback-erasure', {
  'erasure-compromised': {
    kind: 'conflict',
    message: 'Somebody else has perhaps acted in this person’s name, so that nothing of it is erased for now.',
    next: 'Have the person call the operator: whoever did it must not be able to erase the traces.',
  },
  'erasure-case-open': {
    kind: 'conflict',
    message: 'Corrections that this person has asked for are open; "open" says how many.',
    next: 'Withdraw them, or ask again when they are closed: nobody could decide them any more.',
  },
});
