import { defineErrors } from '#kernel';

export const catalogueErrors = defineErrors('registry-catalogue', {
  'service-unknown': {
    kind: 'not-found',
    message: 'There is no such service.',
    next: 'GET /v1/catalogue lists them all.',
  },
  'nothing-announced': {
    kind: 'unavailable',
    message: 'The log has no manifest of this registry yet.',
    next: 'Try again in a moment; if it stays, see whether the log answers.',
  },
  'openapi-unknown': {
    kind: 'not-found',
    message: 'There is no OpenAPI document with this digest.',
    next: 'Take the digest from the service in GET /v1/catalogue.',
  },
});
