import { defineErrors } from '#kernel';

export const gatewayErrors = defineErrors('gateway', {
  'instance-id-malformed': {
    kind: 'invalid',
    message: "The gateway's own identifier is malformed.",
    next: 'Set KEREGE_INSTANCE_ID to INSTANCE/id as the registry has it, e.g. DEMO/gw1.',
  },
  'registry-topic-missing': {
    kind: 'unavailable',
    message: "The registry's topic could not be read.",
    next: 'Start the registry, which makes the topics, and look whether the broker answers.',
  },
});
