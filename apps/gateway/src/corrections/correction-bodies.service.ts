import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { SubsystemId } from '#kernel';
import { httpErrors } from '#platform';
import { BodyBudget } from '../edge/body-budget.js';
import { edgeErrors } from '../edge/edge.errors.js';
import { readBody } from '../edge/request-body.js';
import { exchangeErrors } from '../exchange/exchange.errors.js';

/** 512 KiB of content and what stands around it. */
const MOST_BYTES = 544 * 1024;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Reads bodies of corrections, which are larger than those of calls; memory never holds more of them than it is given. */
export class CorrectionBodies {
  private readonly budget: BodyBudget;

  constructor(maxBytes: number) {
    this.budget = new BodyBudget(maxBytes, MOST_BYTES);
  }

  /** The room is given back when `work` has ended. */
  async with<Outcome>(
    raw: IncomingMessage,
    reply: FastifyReply,
    consumer: SubsystemId,
    work: (body: Buffer) => Promise<Outcome>,
  ): Promise<Outcome> {
    const {
      'content-length': contentLength,
      'transfer-encoding': transferEncoding,
      'content-type': mediaType = '',
    } = raw.headers;
    if (!JSON_TYPE.test(mediaType)) throw httpErrors.error('media-type-unknown');
    const giveBack = this.budget.reserve(consumer, { contentLength, transferEncoding });
    if (giveBack === undefined) throw exchangeErrors.error('gateway-busy');
    try {
      const declared = contentLength === undefined ? undefined : Number(contentLength);
      const body = await readBody(raw, declared, MOST_BYTES);
      // Whatever of the request was not read must not be taken for the next one.
      if (!raw.complete) void reply.header('Connection', 'close');
      if (!body.ok) throw edgeErrors.error(body.reason);
      return await work(body.value);
    } finally {
      giveBack();
    }
  }
}
