import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { AppError, statusOf } from '#kernel';
import { httpErrors } from './http.errors.js';

/** RFC 9457 problem document with our members `code` and `next`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly next: string;
  readonly [extension: string]: unknown;
}

export const PROBLEM_JSON = 'application/problem+json';

/** The problem document of one of our errors; `details` and `cause` stay inside. */
export function problemOf(error: AppError): Problem {
  const status = statusOf(error.entry);
  return {
    ...error.extensions,
    type: `urn:kerege:error:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.entry.message,
    code: error.code,
    next: error.entry.next,
  };
}

/** Any thrown thing as one of our errors. Messages of Nest and Fastify quote the URL, so only their status is used. */
export function asAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const status = cause instanceof HttpException ? cause.getStatus() : fastifyStatus(cause);
  return fromStatus(status, cause);
}

const CODE_OF_STATUS = {
  400: 'request-malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'path-unknown',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'request-too-large',
  414: 'url-too-long',
  415: 'media-type-unknown',
  417: 'expectation-unknown',
  431: 'head-too-large',
  503: 'unavailable',
} as const satisfies Record<number, Parameters<typeof httpErrors.error>[0]>;

function fromStatus(status: number | undefined, cause: unknown): AppError {
  const known = Object.entries(CODE_OF_STATUS).find(([candidate]) => Number(candidate) === status);
  if (known !== undefined) return httpErrors.error(known[1], { cause });
  const isTheirs = status !== undefined && status >= 400 && status < 500;
  return httpErrors.error(isTheirs ? 'request-malformed' : 'internal', { cause });
}

/** Fastify's own refusals (`FST_ERR_…`: body too large, JSON broken) carry a status. */
function fastifyStatus(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause) || !('statusCode' in cause)) return undefined;
  if (typeof cause.code !== 'string' || !cause.code.startsWith('FST_ERR_')) return undefined;
  return typeof cause.statusCode === 'number' ? cause.statusCode : undefined;
}
