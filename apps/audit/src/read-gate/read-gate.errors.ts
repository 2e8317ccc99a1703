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
    message: 'KEREGE_AUDIT_READER_TOKENS holds something that is no SHA-256 in lower-case hex, and not “public” alone.',
    next: 'Put the hash of each token there, never the token: printf %s "$TOKEN" | sha256sum',
  },
  'readers-unset': {
    kind: 'invalid',
    message:
      'This log is reached from other machines, and KEREGE_AUDIT_READER_TOKENS does not say who may read its leaves.',
    next: 'Set it to the SHA-256 of each reader’s token, or to “public” if everybody may see who asked whom for what.',
  },
});
