import { defineErrors } from '#kernel';

export const metaserviceErrors = defineErrors('metaservices', {
  'xroad-instance-unknown': {
    kind: 'not-found',
    fault: 'unknown_member',
    message: 'This is not the X-Road instance of this gateway, and it is federated with none.',
    next: 'Leave xRoadInstance out.',
  },
  'service-code-missing': {
    kind: 'invalid',
    fault: 'invalid_request',
    message: 'Missing serviceCode: the query does not name one service.',
    next: 'Send ?serviceCode=… once.',
  },
  'openapi-missing': {
    kind: 'not-found',
    fault: 'internal_error',
    message: 'Invalid service type: the service has no OpenAPI description.',
    next: "Look at service_type in the provider's listMethods.",
  },
  'openapi-unavailable': {
    kind: 'unavailable',
    fault: 'internal_error',
    message: 'The OpenAPI description cannot be fetched from the registry now.',
    next: 'Try again in a few seconds.',
  },
  'openapi-altered': {
    kind: 'broken',
    fault: 'internal_error',
    message: 'The OpenAPI description is not the one that the provider registered.',
    next: 'Tell the operator: the registry serves other bytes than the provider signed.',
  },
});
