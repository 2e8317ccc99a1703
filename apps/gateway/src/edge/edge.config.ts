import { setting } from '#platform';

/** Settings of the consumer edge; the gateway's own definition spreads them in. */
export const edgeSettings = {
  faultSpelling: setting.oneOf({
    env: 'KEREGE_GATEWAY_FAULT_SPELLING',
    values: ['7.8', '7.7'],
    default: '7.8',
    meaning: 'Spelling of X-Road fault codes: of version 7.8 (server.clientproxy.access_denied) or of those before it.',
  }),
  maxBodyBytes: setting.bytes({
    env: 'KEREGE_GATEWAY_MAX_BODY',
    default: 768 * 1024,
    min: 1024,
    max: 768 * 1024,
    meaning: 'Largest body of a request; one Kafka record carries it (bus.md §1).',
  }),
  maxHeaderBytes: setting.bytes({
    env: 'KEREGE_GATEWAY_MAX_HEADERS',
    default: 16 * 1024,
    min: 1024,
    max: 64 * 1024,
    meaning: 'Largest sum of request line and headers.',
  }),
};
