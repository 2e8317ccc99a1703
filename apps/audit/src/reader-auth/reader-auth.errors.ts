import { defineErrors } from '#kernel';

const HOW = 'Send a fresh token in "Authorization: Bearer"; "kerege token --as <subsystem>" makes one.';

export const readerAuthErrors = defineErrors('audit-readers', {
  'reader-token-missing': {
    kind: 'refused',
    status: 401,
    message: 'Who reads the log by search has to say who it is.',
    next: HOW,
  },
  'reader-token-invalid': {
    kind: 'refused',
    status: 401,
    message: 'The token is none that this log believes; "problem" says why.',
    next: 'Sign it with a key that the registry publishes for the subsystem: iss and sub its identifier, aud the URL of this log, iat, exp at most five minutes later, jti unique.',
  },
  'reader-token-expired': {
    kind: 'refused',
    status: 401,
    message: 'The token has expired, or the clock of who made it is wrong.',
    next: HOW,
  },
  'reader-token-used': {
    kind: 'refused',
    status: 401,
    message: 'The token was used before; each is good for one request.',
    next: HOW,
  },
  'reader-floods': {
    kind: 'unavailable',
    status: 429,
    message: 'This reader has used more tokens in five minutes than are remembered.',
    next: 'Ask more slowly.',
  },
  'readers-unknown': {
    kind: 'unavailable',
    message: 'The log has no registry snapshot that can be read, so that nobody’s key is known.',
    next: 'Try again when the registry has published its first manifest; if it stays, tell the operator.',
  },
});
