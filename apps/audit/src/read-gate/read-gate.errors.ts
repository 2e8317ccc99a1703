import { defineErrors } from '#kernel';

export const readGateErrors = defineErrors('audit-read-gate', {
  'reader-token-needed': {
    kind: 'refused',
    status: 401,
    message: 'Leaves of this log are for readers with a token; its checkpoint and hash tiles are public.',
    next: 'Send Authorization: Bearer <token> with a token that the operator gave you.',
  },
  'reader-token-setting': {
    kind: 'invalid',
    message: 'KEREGE_AUDIT_READER_TOKENS holds something that is no SHA-256 in lower-case hex.',
    next: 'Put the hash of each token there, never the token: printf %s "$TOKEN" | sha256sum',
  },
});
