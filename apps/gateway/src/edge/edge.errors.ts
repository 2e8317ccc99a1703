import { defineErrors } from '#kernel';

const CONTEXT = { kind: 'invalid', fault: 'invalid_request' } as const;

/** What the edge refuses by itself, before anything is decided about rights. */
export const edgeErrors = defineErrors('edge', {
  'method-unsupported': {
    kind: 'invalid',
    status: 405,
    fault: 'internal_error',
    message: 'This HTTP method is not taken.',
    next: 'Use DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or TRACE.',
  },
  'http-malformed': {
    kind: 'invalid',
    fault: 'internal_error',
    message: 'This is not a well-formed HTTP request.',
    next: 'Correct the client; see RFC 9112.',
  },
  'headers-too-large': {
    kind: 'invalid',
    status: 431,
    fault: 'internal_error',
    message: 'The headers are larger than what is taken here.',
    next: 'Send less in headers.',
  },
  'target-too-long': {
    kind: 'invalid',
    status: 414,
    fault: 'internal_error',
    message: 'The request target is longer than what is taken here.',
    next: 'Send less in the URL; a body holds more.',
  },
  'expectation-unsupported': {
    kind: 'invalid',
    status: 417,
    fault: 'internal_error',
    message: 'What the Expect header asks for is not done here.',
    next: 'Leave the header out, or send 100-continue.',
  },
  'request-late': {
    kind: 'invalid',
    status: 408,
    fault: 'internal_error',
    message: 'The request did not arrive in time.',
    next: 'Send it again, without pauses.',
  },
  'body-too-large': {
    kind: 'invalid',
    status: 413,
    fault: 'internal_error',
    message: 'Message size exceeds maximum loggable size: the body is larger than what one exchange carries.',
    next: 'Send less at once.',
  },
  'represented-party-malformed': {
    kind: 'invalid',
    fault: 'internal_error',
    message: 'X-Road-Represented-Party is malformed.',
    next: 'Send [CLASS/]CODE, each part percent-encoded by itself.',
  },
  'security-server-malformed': {
    kind: 'invalid',
    fault: 'internal_error',
    message: 'X-Road-Security-Server is malformed.',
    next: 'Leave it out: Kerege needs no routing to a security server.',
  },
  'context-repeated': {
    ...CONTEXT,
    message: 'A context header stands more than once.',
    next: 'Send each Kerege- header and Idempotency-Key once.',
  },
  'subject-header-malformed': {
    ...CONTEXT,
    message: 'Kerege-Subject is malformed.',
    next: 'Send COUNTRY/TYPE/CODE in upper case.',
  },
  'purpose-malformed': {
    ...CONTEXT,
    message: 'Kerege-Purpose is no code.',
    next: 'Send a code of the purpose catalogue.',
  },
  'legal-basis-malformed': {
    ...CONTEXT,
    message: 'Kerege-Legal-Basis is no code.',
    next: 'Send a code of the catalogue of legal bases.',
  },
  'deadline-malformed': {
    ...CONTEXT,
    message: 'Kerege-Deadline is no number of milliseconds.',
    next: 'Send a whole number of milliseconds, how long you will wait.',
  },
  'deadline-passed': {
    kind: 'unavailable',
    status: 504,
    fault: 'network_error',
    message: 'The deadline has passed before anything could be sent.',
    next: 'Send a longer Kerege-Deadline.',
  },
  'idempotency-key-malformed': {
    ...CONTEXT,
    message: 'Idempotency-Key is malformed.',
    next: 'Send 1 to 255 printable ASCII characters.',
  },
  'concealment-malformed': {
    ...CONTEXT,
    message: 'Kerege-Concealment is no leaf hash.',
    next: 'Send the base64url leaf hash of the countersigned order, as "kerege conceal" has told it.',
  },
});
