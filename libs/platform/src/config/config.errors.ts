import { defineErrors } from '#kernel';

export const configErrors = defineErrors('configuration', {
  'config-invalid': {
    kind: 'invalid',
    message: 'The configuration is not usable.',
    next: 'Correct every setting that is listed, then start again; docs/configuration.md explains each.',
  },
});
