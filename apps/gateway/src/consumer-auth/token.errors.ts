import { defineErrors } from '#kernel';

/** What `POST /v1/token` refuses; each goes out as one of RFC 6749's own codes, with this one beside it. */
export const tokenErrors = defineErrors('access tokens', {
  'token-request-malformed': {
    kind: 'invalid',
    message: 'The request for a token is malformed.',
    next: 'Send application/x-www-form-urlencoded with grant_type, client_assertion_type and client_assertion, each once.',
  },
  'grant-type-unsupported': {
    kind: 'invalid',
    message: 'Tokens are given for client_credentials only.',
    next: 'Send grant_type=client_credentials.',
  },
  'scope-unknown': {
    kind: 'invalid',
    message: 'There are no scopes: what a subsystem may do stands in its agreements.',
    next: 'Leave scope out.',
  },
  'assertion-missing': {
    kind: 'refused',
    status: 401,
    message: 'The client proves itself with a signed assertion only.',
    next: 'Send client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer and client_assertion.',
  },
  'assertion-malformed': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is no signed JWT of a subsystem.',
    next: 'Sign a JWT with alg and kid in its header; iss, sub, aud, iat, exp and jti as claims; iss is the subsystem.',
  },
  'assertion-algorithm': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is signed with an algorithm that is not accepted.',
    next: 'Sign with EdDSA (Ed25519) or ES256.',
  },
  'assertion-type': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is a token of another kind.',
    next: 'Leave typ out, or send JWT or client-authentication+jwt.',
  },
  'assertion-claims': {
    kind: 'refused',
    status: 401,
    message: 'A claim of the client assertion is missing or wrong.',
    next: 'Send iss and sub with the same subsystem, aud, iat, exp, and a jti of 8 to 128 visible characters.',
  },
  'assertion-audience': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is for somebody else.',
    next: "Send the gateway's URL as aud: one string, exactly as its operator publishes it.",
  },
  'assertion-early': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is from the future.',
    next: "Set the information system's clock.",
  },
  'assertion-expired': {
    kind: 'refused',
    status: 401,
    message: 'The time of the client assertion is over.',
    next: 'Make another for each token; set the clock if it was new.',
  },
  'assertion-long': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is good for too long.',
    next: 'Let exp be at most five minutes after iat.',
  },
  'assertion-used': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion was used before.',
    next: 'Make another, with a jti of its own, for each token.',
  },
  'client-unauthenticated': {
    kind: 'refused',
    status: 401,
    message: 'The client assertion is not signed by a key of a subsystem that this gateway serves.',
    next: 'Check iss, kid and key against what the registry has for the subsystem; ask the operator which gateway serves it.',
  },
  'tokens-too-many': {
    kind: 'unavailable',
    status: 429,
    message: 'The subsystem asks for too many tokens.',
    next: 'Use a token until its time is over.',
  },
  'tokens-unavailable': {
    kind: 'unavailable',
    message: 'The gateway cannot give tokens now.',
    next: 'Try again in a moment, with a new assertion.',
  },
});
