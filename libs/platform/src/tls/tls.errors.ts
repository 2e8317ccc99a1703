import { defineErrors } from '#kernel';

export const tlsErrors = defineErrors('TLS', {
  'tls-files-unusable': {
    kind: 'invalid',
    message: 'TLS cannot be spoken with the certificate, key, authorities and revocation lists that are set.',
    next: 'Check the PEM files that KEREGE_…_TLS_… name, and that the key is that of the certificate.',
  },
  'listening-in-the-clear': {
    kind: 'invalid',
    message: 'Without TLS an app listens on loopback addresses only.',
    next: 'Set KEREGE_<APP>_TLS_CERT_FILE and KEREGE_<APP>_TLS_KEY_FILE, or KEREGE_HOST to 127.0.0.1.',
  },
});
