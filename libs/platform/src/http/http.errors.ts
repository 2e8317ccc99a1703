import { defineErrors } from '#kernel';

export const httpErrors = defineErrors('http', {
  internal: {
    kind: 'broken',
    message: 'Something went wrong on our side.',
    next: 'Try again later; if it stays, give the operator the request id.',
  },
  'request-malformed': {
    kind: 'invalid',
    message: 'The request is malformed.',
    next: 'Correct what the problem list names; the OpenAPI document describes what is expected.',
  },
  'path-unknown': {
    kind: 'not-found',
    message: 'There is nothing at this path.',
    next: 'Look the path up in the OpenAPI document.',
  },
  'method-not-allowed': {
    kind: 'invalid',
    status: 405,
    message: 'This path does not take this method.',
    next: 'Look the path up in the OpenAPI document.',
  },
  'request-too-large': {
    kind: 'invalid',
    status: 413,
    message: 'The request is larger than what is taken here.',
    next: 'Send less at once.',
  },
  'media-type-unknown': {
    kind: 'invalid',
    status: 415,
    message: 'Bodies of this media type are not taken here.',
    next: 'Send JSON with Content-Type: application/json.',
  },
  'request-timeout': {
    kind: 'unavailable',
    status: 408,
    message: 'The request did not arrive in time.',
    next: 'Send it again, without pauses.',
  },
  unauthenticated: {
    kind: 'refused',
    status: 401,
    message: 'It is not known who asks.',
    next: 'Authenticate as the documentation of this API says.',
  },
  forbidden: {
    kind: 'refused',
    message: 'This may not be done by whoever asks.',
    next: 'Ask the operator for the right.',
  },
  'not-ready': {
    kind: 'unavailable',
    message: 'Not everything is there that this service needs.',
    next: 'See what is named under "missing"; it usually returns by itself within seconds.',
  },
  unavailable: {
    kind: 'unavailable',
    message: 'This cannot be served at the moment.',
    next: 'Try again in a few seconds.',
  },
});
