import { defineErrors } from '#kernel';

export const catalogueErrors = defineErrors('registry-catalogue', {
  'service-unknown': {
    kind: 'not-found',
    message: 'There is no such service.',
    next: 'GET /v1/catalogue lists them all.',
  },
  'openapi-unknown': {
    kind: 'not-found',
    message: 'There is no OpenAPI document with this digest.',
    next: 'Take the digest from the service in GET /v1/catalogue.',
  },
});
