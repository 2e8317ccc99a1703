import { All, Controller, Inject, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubsystemId } from '#kernel';
import { Consumer, ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { headerFields } from '../consumer-auth/header-fields.js';
import { outcomePending } from '../exchange/ending.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { Exchanges } from '../exchange/exchange.js';
import { Metaservices } from '../metaservices/metaservices.service.js';
import { answerHeaders } from './answer-head.js';
import { AnswerBudget } from './answer-budget.js';
import { BodyBudget } from './body-budget.js';
import { parseHead } from './call-head.js';
import { EdgeFaultFilter } from './edge-fault.filter.js';
import { EDGE_SETTINGS, EdgeReply, type EdgeSettings } from './edge-reply.service.js';
import { edgeErrors } from './edge.errors.js';
import { errorOf } from './error-catalogue.js';
import { exchangeRequestOf, type ParsedCall } from './exchange-request.js';
import { EDGE_ROUTE, rawTargetOf } from './raw-target.js';
import { readBody } from './request-body.js';

/**
 * X-Road's consumer edge: `/r1/…` with the raw target, as the wire had it. It parses and hands over; what may be done is
 * decided in `exchange/admission.ts`, and what an X-Road client sees is written by `EdgeReply`.
 */
@ApiExcludeController()
@Controller(EDGE_ROUTE)
@UseGuards(ConsumerGuard)
@UseFilters(EdgeFaultFilter)
export class EdgeController {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly metaservices: Metaservices,
    private readonly edgeReply: EdgeReply,
    private readonly bodies: BodyBudget,
    private readonly answers: AnswerBudget,
    @Inject(EDGE_SETTINGS) private readonly settings: EdgeSettings,
  ) {}

  @All()
  async call(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<void> {
    const { 'content-length': contentLength, 'transfer-encoding': transferEncoding } = request.raw.headers;
    if (!this.answers.hasRoom(consumer)) throw exchangeErrors.error('gateway-busy');
    const giveBack = this.bodies.reserve(consumer, { contentLength, transferEncoding });
    if (giveBack === undefined) throw exchangeErrors.error('gateway-busy');
    try {
      await this.carryOut(request, reply, consumer);
    } finally {
      giveBack();
    }
  }

  private async carryOut(request: FastifyRequest, reply: FastifyReply, consumer: SubsystemId): Promise<void> {
    const exchangeRequest = exchangeRequestOf(await this.parse(request, consumer));
    const metaservice = await this.metaservices.answer(exchangeRequest);
    if (metaservice !== undefined) {
      this.edgeReply.send(request, reply, metaservice);
      return;
    }
    const outcome = await this.exchanges.perform(exchangeRequest);
    if (outcome.kind === 'answered') {
      const { status, body, exchangeId } = outcome;
      // It stands, but its bytes cannot be kept beside all that this consumer has not read.
      if (!this.answers.hold(consumer, body.length, reply.raw)) {
        this.edgeReply.sendUnanswered(request, reply, outcomePending(exchangeId));
        return;
      }
      this.edgeReply.send(request, reply, { status, headers: answerHeaders(exchangeRequest, outcome), body });
      return;
    }
    this.edgeReply.sendUnanswered(request, reply, outcome);
  }

  private async parse(request: FastifyRequest, consumer: SubsystemId): Promise<ParsedCall> {
    const receivedAtMs = Date.now();
    const { method } = request;
    const headers = headerFields(request.raw.rawHeaders);
    const head = parseHead({ method, target: rawTargetOf(request.raw), headers }, this.settings.maxHeaderBytes);
    if (!head.ok) throw errorOf(head.reason);
    const declared = request.raw.headers['content-length'];
    const body = await readBody(
      request.raw,
      declared === undefined ? undefined : Number(declared),
      this.settings.maxBodyBytes,
    );
    if (!body.ok) throw edgeErrors.error(body.reason);
    return { consumer, method, ...head.value, headers, body: body.value, receivedAtMs };
  }
}
