import { Controller, Header, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBadRequestResponse, ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SubsystemId } from '#kernel';
import { httpErrors } from '#platform';
import { Consumer, ConsumerGuard } from '../consumer-auth/consumer.guard.js';
import { headerFields } from '../consumer-auth/header-fields.js';
import { BodyBudget } from '../edge/body-budget.js';
import { EDGE_SETTINGS, type EdgeSettings } from '../edge/edge-reply.service.js';
import { edgeErrors } from '../edge/edge.errors.js';
import { readBody } from '../edge/request-body.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { CompositionAnswerDto } from './composition-answer.dto.js';
import { readComposition } from './composition-form.pipe.js';
import { CompositionDto } from './composition.dto.js';
import { compositionErrors } from './composition.errors.js';
import { CompositionService } from './composition.service.js';

export const COMPOSITION_ROUTE = '/v1/compositions';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
/** Nobody may believe that a key or a purpose on the composition's own request did anything. */
const MISPLACED = /^(?:kerege-|idempotency-key$)/i;

/** Several exchanges with one call; what becomes of each is its own matter, and is told beside those of the others. */
@ApiTags('compositions')
@ApiHeader({ name: 'X-Road-Client', required: false, description: 'May be missing beside an access token.' })
@Controller(COMPOSITION_ROUTE)
@UseGuards(ConsumerGuard)
export class CompositionController {
  constructor(
    @Inject(CompositionService) private readonly compositions: CompositionService,
    @Inject(BodyBudget) private readonly bodies: BodyBudget,
    @Inject(EDGE_SETTINGS) private readonly settings: EdgeSettings,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'compose', summary: 'Up to 20 exchanges side by side under one deadline.' })
  @ApiBody({ type: CompositionDto })
  @ApiOkResponse({ type: CompositionAnswerDto })
  @ApiBadRequestResponse({ description: 'Problem document with `problems`: pointer, message. Nothing was sent.' })
  async compose(
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Consumer() consumer: SubsystemId,
  ): Promise<Buffer> {
    const receivedAtMs = Date.now();
    const headers = headerFields(raw.rawHeaders);
    if (headers.some(({ name }) => MISPLACED.test(name)))
      throw compositionErrors.error('composition-context-in-headers');
    if (!JSON_TYPE.test(raw.headers['content-type'] ?? '')) throw httpErrors.error('media-type-unknown');
    const { 'content-length': contentLength, 'transfer-encoding': transferEncoding } = raw.headers;
    const giveBack = this.bodies.reserve(consumer, { contentLength, transferEncoding });
    if (giveBack === undefined) throw exchangeErrors.error('gateway-busy');
    try {
      const declared = contentLength === undefined ? undefined : Number(contentLength);
      const body = await readBody(raw, declared, this.settings.maxBodyBytes);
      // Whatever of the request was not read must not be taken for the next one.
      if (!raw.complete) void reply.header('Connection', 'close');
      if (!body.ok) throw edgeErrors.error(body.reason);
      const composition = await readComposition(body.value);
      return await this.compositions.compose(composition, { consumer, headers, receivedAtMs });
    } finally {
      giveBack();
    }
  }
}
