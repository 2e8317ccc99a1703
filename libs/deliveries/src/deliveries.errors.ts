import { defineErrors } from '#kernel';

export const deliveryErrors = defineErrors('deliveries', {
  'delivery-too-large': {
    kind: 'invalid',
    message: 'The delivery is larger than one may be.',
    next: 'Shorten what it carries; at most 768 KiB are delivered.',
  },
});
