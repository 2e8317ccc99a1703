import { defineMetrics, metric } from './metric-catalogue.js';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export const httpMetrics = defineMetrics('every app: HTTP', {
  duration: metric.histogram({
    name: 'kerege_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by method and class of status.',
    labels: { method: METHODS, status: STATUS_CLASSES },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  }),
});
