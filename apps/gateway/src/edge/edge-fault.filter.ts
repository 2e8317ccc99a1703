import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '#kernel';
import { isCountedReason, type CountedReason } from '#access';
import { asAppError, Logger } from '#platform';
import { consumerAuthErrors } from '../consumer-auth/consumer-auth.errors.js';
import { knownConsumerOf } from '../consumer-auth/consumer.guard.js';
import type { Side } from '../exchange/exchange.js';
import { RefusalTally } from '../refusals/refusal-tally.js';
import { EdgeReply } from './edge-reply.service.js';

/** Everything thrown on `/r1` and the metaservices, by guards too, gets X-Road's face or the native one. */
@Catch()
@Injectable()
export class EdgeFaultFilter implements ExceptionFilter {
  constructor(
    private readonly edgeReply: EdgeReply,
    private readonly logger: Logger,
    private readonly refusals: RefusalTally,
  ) {}

  catch(cause: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // The client went away while it was sending: there is nobody to answer, and nothing was begun.
    if (request.raw.destroyed && !request.raw.complete) return void reply.hijack();
    const error = asAppError(cause);
    if (error.kind === 'broken') this.logger.error({ err: cause, requestId: request.id }, 'call at the edge failed');
    const reason = countedAs(error);
    if (reason !== undefined) this.refusals.add(reason, knownConsumerOf(request), Date.now());
    this.edgeReply.sendFailure(request, reply, { error, side: sideOf(error), decidedBy: 'gateway' });
  }
}

/** As which reason a call is counted that ended before anything was decided about it. */
function countedAs({ code, kind }: AppError): CountedReason | undefined {
  if (Object.hasOwn(consumerAuthErrors.entries, code)) return 'consumer-unauthenticated';
  if (isCountedReason(code)) return code;
  return kind === 'invalid' ? 'call-malformed' : undefined;
}

function sideOf(error: AppError): Side {
  return error.kind === 'broken' || error.kind === 'unavailable' ? 'bus' : 'consumer';
}
