import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf } from '#kernel';
import type { Logger } from '../logging/logger.js';
import { asAppError, PROBLEM_JSON, problemOf } from './problem.js';

const RETRY_AFTER_S = '2';

/** The one funnel from exceptions to HTTP: everything becomes a problem document, and only surprises are logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(cause: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const error = asAppError(cause);
    const status = statusOf(error.entry);
    if (error.kind === 'broken')
      this.logger.error(
        { err: cause, requestId: request.id, route: request.routeOptions.url ?? 'none' },
        'request failed',
      );
    if (reply.sent) return;
    if (status === 429 || status === 503) void reply.header('Retry-After', RETRY_AFTER_S);
    void reply
      .status(status)
      .header('Content-Type', PROBLEM_JSON)
      .send(JSON.stringify({ ...problemOf(error), requestId: request.id }));
  }
}
