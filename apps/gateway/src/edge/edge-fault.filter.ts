import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '#kernel';
import { asAppError, Logger } from '#platform';
import type { Side } from '../exchange/exchange.js';
import { EdgeReply } from './edge-reply.service.js';

/** Everything thrown on `/r1` and the metaservices, by guards too, gets X-Road's face or the native one. */
@Catch()
@Injectable()
export class EdgeFaultFilter implements ExceptionFilter {
  constructor(
    private readonly edgeReply: EdgeReply,
    private readonly logger: Logger,
  ) {}

  catch(cause: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // The client went away while it was sending: there is nobody to answer, and nothing was begun.
    if (request.raw.destroyed && !request.raw.complete) return void reply.hijack();
    const error = asAppError(cause);
    if (error.kind === 'broken') this.logger.error({ err: cause, requestId: request.id }, 'call at the edge failed');
    this.edgeReply.sendFailure(request, reply, { error, side: sideOf(error), decidedBy: 'gateway' });
  }
}

function sideOf(error: AppError): Side {
  return error.kind === 'broken' || error.kind === 'unavailable' ? 'bus' : 'consumer';
}
