import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger.js';
import type { AppMetrics } from '../telemetry/app-metrics.js';
import { httpMetrics, METHODS, STATUS_CLASSES } from '../telemetry/http-metrics.js';

/** Route pattern, method, status, duration and request id, and nothing else: URLs and headers hold personal data. */
export function observeRequests(fastify: FastifyInstance, logger: Logger, metrics: AppMetrics): void {
  const { duration } = httpMetrics.on(metrics);
  fastify.addHook('onResponse', (request, reply, done) => {
    const method = METHODS.find((known) => known === request.method) ?? 'other';
    const status = STATUS_CLASSES[Math.floor(reply.statusCode / 100) - 1] ?? '5xx';
    duration.observe({ method, status }, reply.elapsedTime / 1000);
    const fields = () => ({
      route: routeOf(request),
      method,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
    });
    // 503 is how overload is refused, thousands of times a second: metrics count it, a line for each would be a load too.
    if (reply.statusCode >= 500 && reply.statusCode !== 503) logger.warn(fields(), 'answered');
    else logger.debug(fields(), 'answered');
    done();
  });
}

/** The registered pattern, e.g. `/v1/exchanges/:id`; never the URL. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}
