import { defineMetrics, metric } from '#platform';

const RESULTS = ['signed', 'token', 'key', 'pin', 'silent', 'full', 'wrong'] as const;

export const tokenMetrics = defineMetrics('every app that signs: keys in tokens', {
  signatures: metric.counter({
    name: 'kerege_token_signatures_total',
    help: 'Signatures asked of tokens, probes included: made, or why not. Alarm for any but signed.',
    labels: { result: RESULTS },
  }),
  duration: metric.histogram({
    name: 'kerege_token_signature_seconds',
    help: 'From asking a token for a signature to having it verified, its wait included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  }),
  away: metric.observedGauge({
    name: 'kerege_tokens_away_number',
    help: 'Tokens that would not sign now, or not with each of their keys. Alarm above 0.',
  }),
});
