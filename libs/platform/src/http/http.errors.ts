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
  'wire-malformed': {
    kind: 'invalid',
    message: 'This is no HTTP request that everybody reads alike.',
    next: 'Correct the client or the proxy before this server; see RFC 9112. The connection is closed.',
  },
  'url-too-long': {
    kind: 'invalid',
    status: 414,
    message: 'The URL is longer than what is taken here.',
    next: 'Send less in the URL; KEREGE_HTTP_MAX_URL_BYTES is the bound.',
  },
  'head-too-large': {
    kind: 'invalid',
    status: 431,
    message: 'The headers are more, or larger, than what is taken here.',
    next: 'Send less in headers; KEREGE_HTTP_MAX_HEADERS is the bound on their number.',
  },
  'expectation-unknown': {
    kind: 'invalid',
    status: 417,
    message: 'What the Expect header asks for is not done here.',
    next: 'Leave the header out, or send 100-continue.',
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
