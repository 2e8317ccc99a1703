import { METHODS, type IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { ErrorEntry } from '#kernel';
import {
  PROBLEM_JSON,
  problemOf,
  WIRE_DEFAULTS,
  type HttpAppOptions,
  type WireAnswer,
  type WireLimits,
  type WireReason,
} from '#platform';
import type { EdgeSettings } from './edge-reply.service.js';
import { edgeErrors } from './edge.errors.js';
import { faultCode, faultStatus, renderFault } from './fault.js';
import { EDGE_ROUTE, rewriteTarget } from './raw-target.js';

/** Node's own limit lies above ours, so that oversized headers get an answer of ours and not a cut connection. */
const NODE_HEADER_LIMIT = 128 * 1024;

/** How the HTTP server must be made for the edge: raw targets, raw bodies, and X-Road's errors even for broken HTTP. */
export function edgeHttpOptions(
  settings: EdgeSettings & Partial<WireLimits>,
): Pick<HttpAppOptions, 'bodyParser' | 'maxHeaderBytes' | 'fastify' | 'face' | 'limits' | 'isLenient'> {
  return {
    bodyParser: false,
    maxHeaderBytes: NODE_HEADER_LIMIT,
    limits: { ...WIRE_DEFAULTS, ...settings },
    face: (reason, target) => refusalFace(reason, target, settings),
    // Other targets are answered as X-Road clients know it; of two credentials one may be for the agency.
    isLenient: true,
    fastify: {
      // What was taken while the server closes is carried out: its connection says that it was the last one.
      return503OnClosing: false,
      rewriteUrl: (raw: IncomingMessage) => rewriteTarget(raw),
    },
  };
}

/** Call after the app was created and before it is initialised. `rawRoutes` read their bodies themselves, as the edge does. */
export function prepareEdge(app: NestFastifyApplication, rawRoutes: readonly string[] = []): void {
  const fastify = app.getHttpAdapter().getInstance();
  const raw: ReadonlySet<string | undefined> = new Set([EDGE_ROUTE, ...rawRoutes]);
  // Verbs that X-Road refuses must reach the code that refuses them.
  for (const method of METHODS)
    if (method === 'QUERY') fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    else if (method !== 'CONNECT' && !fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method);
  // Fastify neither parses nor judges bodies of the edge: it sees requests without one, and the edge reads the socket.
  fastify.addHook('onRequest', (request: FastifyRequest, _reply, done) => {
    if (raw.has(request.routeOptions.url))
      Object.assign(request, {
        headers: { 'content-type': undefined, 'content-length': undefined, 'transfer-encoding': undefined },
      });
    done();
  });
}

const CODES = {
  malformed: 'http-malformed',
  'method-unknown': 'method-unsupported',
  'headers-too-large': 'headers-too-large',
  'url-too-long': 'target-too-long',
  'too-large': 'body-too-large',
  'expectation-unknown': 'expectation-unsupported',
  late: 'request-late',
} as const satisfies Record<WireReason, keyof typeof edgeErrors.entries>;

/** Says nothing of the request but, where it can be seen, whose face the answer wears. */
function refusalFace(reason: WireReason, target: string, settings: EdgeSettings): WireAnswer {
  const code = CODES[reason];
  const entry: ErrorEntry = edgeErrors.entries[code];
  if (!/^\/r\d/.test(target)) {
    const problem = problemOf(edgeErrors.error(code));
    return { status: problem.status, headers: [['Content-Type', PROBLEM_JSON]], body: JSON.stringify(problem) };
  }
  const type = faultCode(entry, 'gateway', settings.faultSpelling);
  const { contentType, body } = renderFault({ type, message: entry.message, detail: randomUUID() }, 'json');
  const headers = [
    ['X-Road-Error', type],
    ['Content-Type', contentType],
  ] as const;
  return { status: faultStatus(type), headers, body };
}
