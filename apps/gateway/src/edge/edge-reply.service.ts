import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf, type AppError } from '#kernel';
import { PROBLEM_JSON, problemOf, type Problem } from '#platform';
import { headerFields } from '../consumer-auth/header-fields.js';
import type { HeaderField, Side, UnansweredExchange } from '../exchange/exchange.js';
import { limitHeaders } from '../limits/limit-headers.js';
import { exchangeHeaders } from './answer-head.js';
import { errorOf } from './error-catalogue.js';
import { chooseFace } from './error-face.js';
import { faultCode, faultStatus, renderFault, type FaultSpelling } from './fault.js';

export const EDGE_SETTINGS = Symbol('edge settings');
export interface EdgeSettings {
  readonly faultSpelling: FaultSpelling;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** Bodies of calls under way, together. */
  readonly maxInFlightBytes: number;
  /** A client that takes nothing of its answer for so long is cut off; absent: 30 s. */
  readonly writeTimeoutMs?: number;
}

/** An error on its way to a client of `/r1` or of a metaservice. */
export interface EdgeFailure {
  readonly error: AppError;
  readonly side: Side;
  readonly decidedBy: 'gateway' | 'connector';
  readonly exchangeId?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly limits?: UnansweredExchange['limits'];
  readonly detail?: string | undefined;
  readonly problems?: UnansweredExchange['problems'] | undefined;
}

const RETRY_AFTER_S = 2;
const WRITE_TIMEOUT_MS = 30_000;
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Writes answers of `/r1` and the metaservices past Fastify's own serialisation: header order, repetition and case are
 * the provider's, and a body is never touched.
 */
@Injectable()
export class EdgeReply {
  constructor(@Inject(EDGE_SETTINGS) private readonly settings: EdgeSettings) {}

  send(
    request: FastifyRequest,
    reply: FastifyReply,
    answer: { status: number; headers: readonly HeaderField[]; body: Buffer },
  ): void {
    if (reply.sent || reply.raw.headersSent) return;
    reply.hijack();
    const headers = answer.headers.flatMap(({ name, value }) => [name, value]);
    const hasBody = request.method !== 'HEAD' && !NO_BODY.has(answer.status);
    if (hasBody) headers.push('Content-Length', String(answer.body.length));
    // Whatever of the request was not read must not be taken for the next one.
    if (!request.raw.complete) headers.push('Connection', 'close');
    reply.raw.writeHead(answer.status, headers);
    cutOffIfStalled(reply.raw, this.settings.writeTimeoutMs ?? WRITE_TIMEOUT_MS);
    reply.raw.end(hasBody ? answer.body : undefined);
  }

  /** An exchange that ended without an answer. */
  sendUnanswered(request: FastifyRequest, reply: FastifyReply, outcome: UnansweredExchange): void {
    this.sendFailure(request, reply, failureOf(outcome));
  }

  /** An error in the face that the client's `Accept` asks for (`exchange.md` §1, §2.6). */
  sendFailure(request: FastifyRequest, reply: FastifyReply, failure: EdgeFailure): void {
    const { exchangeId } = failure;
    const rendered = this.render(request, failure);
    const retryAfterS = failure.retryAfterS ?? (isTemporary(failure.error) ? RETRY_AFTER_S : undefined);
    const headers: HeaderField[] = [
      ...rendered.headers,
      ...(exchangeId === undefined ? [] : exchangeHeaders(exchangeId)),
      ...limitHeaders(failure.limits),
      ...(retryAfterS === undefined ? [] : [{ name: 'Retry-After', value: String(retryAfterS) }]),
    ];
    this.send(request, reply, { status: rendered.status, headers, body: Buffer.from(rendered.body) });
  }

  private render(request: FastifyRequest, failure: EdgeFailure) {
    const { error, decidedBy, exchangeId, detail } = failure;
    const accept = headerFields(request.raw.rawHeaders).filter(({ name }) => name.toLowerCase() === 'accept');
    const face = chooseFace(accept.map(({ value }) => value).join(','));
    if (face === 'problem') {
      const problem = { ...nativeProblem(failure), requestId: request.id };
      const challenge = problem.status === 401 ? [{ name: 'WWW-Authenticate', value: 'Bearer' }] : [];
      const headers = [{ name: 'Content-Type', value: PROBLEM_JSON }, ...challenge];
      return { status: problem.status, headers, body: JSON.stringify(problem) };
    }
    const type = faultCode(error.entry, decidedBy, this.settings.faultSpelling);
    const message = detail === undefined ? error.entry.message : `${error.entry.message} (${detail})`;
    const { contentType, body } = renderFault({ type, message, detail: exchangeId ?? randomUUID() }, face);
    const headers = [
      { name: 'X-Road-Error', value: type },
      { name: 'Content-Type', value: contentType },
    ];
    return { status: faultStatus(type), headers, body };
  }
}

/** How an exchange that ended without an answer is told. */
export function failureOf(outcome: UnansweredExchange): EdgeFailure {
  const { side, decidedBy, exchangeId, retryAfterS, limits, detail, problems } = outcome;
  return { error: errorOf(outcome.code), side, decidedBy, exchangeId, retryAfterS, limits, detail, problems };
}

/** The native face of an error (`exchange.md` §1): code, exchange id and which side failed. */
export function nativeProblem({ error, side, exchangeId, detail, problems }: EdgeFailure): Problem {
  return {
    ...problemOf(error),
    ...(statusOf(error.entry) === 403 ? { reason: error.code } : {}),
    ...(detail === undefined ? {} : { outcome: detail }),
    ...(problems === undefined ? {} : { problems }),
    ...(exchangeId === undefined ? {} : { exchangeId }),
    side,
  };
}

/** Node's own clock of the socket: every byte that goes out winds it up again. */
function cutOffIfStalled(response: ServerResponse, timeoutMs: number): void {
  const { socket } = response;
  response.setTimeout(timeoutMs, () => response.destroy());
  // After the last answer Node sets the time of an idle connection; if a next call waits behind this one, it sets none.
  response.once('close', () => {
    if (socket?.timeout === timeoutMs) socket.setTimeout(0);
  });
}

function isTemporary(error: AppError): boolean {
  return [429, 503].includes(statusOf(error.entry));
}
