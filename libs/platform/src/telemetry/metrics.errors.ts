import { defineErrors } from '#kernel';

export const metricsErrors = defineErrors('metrics', {
  'metric-declaration': {
    kind: 'broken',
    message: 'A metric is declared against the rules.',
    next: 'Name it kerege_…, end it with its unit, and give it a help text and closed label values.',
  },
});
