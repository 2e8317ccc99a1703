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
  'consumers-unprotected': {
    kind: 'invalid',
    message: 'X-Road-Client alone authenticates consumers, so the gateway listens on loopback addresses only.',
    next: 'Set KEREGE_HOST to 127.0.0.1 or ::1.',
  },
});
