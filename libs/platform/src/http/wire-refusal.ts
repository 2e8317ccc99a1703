import { STATUS_CODES } from 'node:http';
import { httpErrors } from './http.errors.js';
import type { WireReason } from './judge-head.js';
import { PROBLEM_JSON, problemOf } from './problem.js';

/** A refusal in the face that an app gives it; nothing of the request is in it. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** `target` is the raw target as far as it can be seen; it chooses a face and is never repeated. */
export type WireFace = (reason: WireReason, target: string) => WireAnswer;

const CODES = {
  malformed: 'wire-malformed',
  'method-unknown': 'method-not-allowed',
  'headers-too-large': 'head-too-large',
  'url-too-long': 'url-too-long',
  'too-large': 'request-too-large',
  'expectation-unknown': 'expectation-unknown',
  late: 'request-timeout',
} as const satisfies Record<WireReason, Parameters<typeof httpErrors.error>[0]>;

/** Problem documents, as everywhere else. */
export function problemFace(reason: WireReason): WireAnswer {
  const problem = problemOf(httpErrors.error(CODES[reason]));
  return { status: problem.status, headers: [['Content-Type', PROBLEM_JSON]], body: JSON.stringify(problem) };
}

/** The answer as bytes, for a connection whose request has no response object. It says that it is the last. */
export function refusalBytes({ status, headers, body }: WireAnswer): string {
  const lines = [...headers, ['Connection', 'close'], ['Content-Length', String(Buffer.byteLength(body))]];
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${head}\r\n${body}`;
}

/** What Node's parser or its clocks found, as a reason of ours. */
export function reasonOfCode(code: string | undefined): WireReason {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'too-large';
  if (code === 'HPE_INVALID_METHOD') return 'method-unknown';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'late' : 'malformed';
}
