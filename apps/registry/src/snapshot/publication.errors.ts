import { defineErrors } from '#kernel';

export const publicationErrors = defineErrors('registry-publication', {
  'manifest-refused': {
    kind: 'broken',
    message: 'The log refuses the registry’s manifest.',
    next: 'Compare the registry key in data/trust.json of audit and registry, and their clocks; the log line has the reason.',
  },
  'receipt-missing': {
    kind: 'unavailable',
    message: 'The log does not answer the registry’s stamp.',
    next: 'See that audit runs and reads audit.stamp.0; the registry goes on trying by itself.',
  },
  'registry-key-unknown': {
    kind: 'refused',
    message: 'The registry’s own key is not the one that trust.json names.',
    next: 'Give this registry the key file that belongs to trust.json, or trust.json the right key.',
  },
  'admin-not-loopback': {
    kind: 'refused',
    message: 'The registry serves this machine only: until there are officers, whoever reaches it may change it.',
    next: 'Set KEREGE_HOST to 127.0.0.1 or ::1; officers elsewhere come through a proxy with TLS.',
  },
  'admin-host-refused': {
    kind: 'refused',
    message: 'The administration of the registry is for programs of this machine.',
    next: 'Ask at http://127.0.0.1 and the registry’s port.',
  },
});
