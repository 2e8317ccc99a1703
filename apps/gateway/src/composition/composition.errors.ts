import { defineErrors } from '#kernel';

export const compositionErrors = defineErrors('composition', {
  'composition-malformed': {
    kind: 'invalid',
    message: 'The composition is malformed; nothing of it was sent.',
    next: 'Correct what the problem list points at; the OpenAPI document describes what is expected.',
  },
  'composition-context-in-headers': {
    kind: 'invalid',
    message: 'Context and idempotency keys of a composition stand in its body; nothing of it was sent.',
    next: 'Put subject, purpose, legalBasis, endUser and deadlineMs into the body, and idempotencyKey into each part.',
  },
  'composition-answer-left-out': {
    kind: 'unavailable',
    message: 'The provider has answered, but the gateway holds as many bytes for compositions as it takes.',
    next: 'Ask for this part by itself, or for less at once.',
  },
});
