import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import type { AppMetrics } from '../telemetry/app-metrics.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Route pattern, method, status, duration and request id, and nothing else: URLs and headers hold personal data. */
export function observeRequests(fastify: FastifyInstance, logger: Logger, metrics: AppMetrics): void {
  const duration = metrics.histogram({
    name: 'kerege_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer, by method and class of status.',
    labels: { method: METHODS, status: CLASSES },
    buckets: BUCKETS,
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const method = METHODS.find((known) => known === request.method) ?? 'other';
    const status = CLASSES[Math.floor(reply.statusCode / 100) - 1] ?? '5xx';
    duration.observe({ method, status }, reply.elapsedTime / 1000);
    const fields = () => ({
      route: routeOf(request),
      method,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
    });
    if (reply.statusCode >= 500) logger.warn(fields(), 'answered');
    else logger.debug(fields(), 'answered');
    done();
  });
}

/** The registered pattern, e.g. `/v1/exchanges/:id`; never the URL. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}
