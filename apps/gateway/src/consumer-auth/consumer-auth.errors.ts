import { defineErrors } from '#kernel';

export const consumerAuthErrors = defineErrors('consumer authentication', {
  'client-missing': {
    kind: 'refused',
    status: 401,
    fault: 'invalid_client_identifier',
    message: 'The client identifier is missing.',
    next: 'Send X-Road-Client: INSTANCE/CLASS/MEMBER/SUBSYSTEM.',
  },
  'client-malformed': {
    kind: 'invalid',
    fault: 'invalid_client_identifier',
    message: 'The client identifier is malformed.',
    next: 'Send X-Road-Client: INSTANCE/CLASS/MEMBER/SUBSYSTEM, each part percent-encoded by itself.',
  },
  'client-unknown': {
    kind: 'refused',
    status: 401,
    fault: 'unknown_member',
    message: 'Client not found: no subsystem of that identifier is served by this gateway.',
    next: 'Check X-Road-Client; ask the operator which gateway serves the subsystem.',
  },
  'web-page-refused': {
    kind: 'refused',
    fault: 'access_denied',
    message: 'Calls of web pages are not taken: this gateway believes only programs of its own machine.',
    next: 'Call by a loopback address or localhost, and without Origin.',
  },
  'consumer-unauthenticated': {
    kind: 'refused',
    status: 401,
    fault: 'ssl_authentication_failed',
    message: 'The consumer has not proved who it is.',
    next: 'Call with the client certificate that the registry has for the subsystem of X-Road-Client, or with an access token from POST /v1/token.',
  },
  'access-token-expired': {
    kind: 'refused',
    status: 401,
    fault: 'ssl_authentication_failed',
    message: 'The time of the access token is over.',
    next: 'Get another from POST /v1/token; each is good for five minutes.',
  },
  'client-disagrees': {
    kind: 'refused',
    status: 401,
    fault: 'ssl_authentication_failed',
    message: 'X-Road-Client names another subsystem than the access token.',
    next: 'Send the subsystem that asked for the token as X-Road-Client.',
  },
  'consumers-unprotected': {
    kind: 'invalid',
    message: 'X-Road-Client alone authenticates consumers, so the gateway listens on loopback addresses only.',
    next: 'Set KEREGE_HOST to 127.0.0.1 or ::1, or KEREGE_GATEWAY_CONSUMER_AUTH to proven.',
  },
  'gateway-url-missing': {
    kind: 'invalid',
    message: 'A gateway that other machines reach must know its URL: assertions are for it and for no other gateway.',
    next: 'Set KEREGE_GATEWAY_URL to the address under which consumers know this gateway.',
  },
  'consumers-in-the-clear': {
    kind: 'invalid',
    message: 'Without TLS the gateway listens on loopback addresses only.',
    next: 'Set KEREGE_GATEWAY_TLS_CERT_FILE and KEREGE_GATEWAY_TLS_KEY_FILE.',
  },
});
