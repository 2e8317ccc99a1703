import { METHODS, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ConnectionError, FastifyRequest } from 'fastify';
import { statusOf, type ErrorEntry } from '#kernel';
import type { HttpAppOptions } from '#platform';
import type { EdgeSettings } from './edge-reply.service.js';
import { edgeErrors } from './edge.errors.js';
import { faultCode, faultStatus, renderFault } from './fault.js';
import { EDGE_ROUTE, rewriteTarget } from './raw-target.js';

/** Node's own limit lies above ours, so that oversized headers get an answer of ours and not a cut connection. */
const NODE_HEADER_LIMIT = 128 * 1024;

/** How the HTTP server must be made for the edge: raw targets, raw bodies, and X-Road's errors even for broken HTTP. */
export function edgeHttpOptions(
  settings: EdgeSettings,
): Pick<HttpAppOptions, 'bodyParser' | 'maxHeaderBytes' | 'fastify'> {
  return {
    bodyParser: false,
    maxHeaderBytes: NODE_HEADER_LIMIT,
    fastify: {
      // What was taken while the server closes is carried out: its connection says that it was the last one.
      return503OnClosing: false,
      rewriteUrl: (raw: IncomingMessage) => rewriteTarget(raw),
      clientErrorHandler: (cause: ConnectionError, socket: Socket) => answerBrokenHttp(cause, socket, settings),
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

/** What Node could not parse. Says nothing of the request but, where it can be seen, whose face the answer wears. */
function answerBrokenHttp(cause: ConnectionError, socket: Socket, settings: EdgeSettings): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const line = rawPacketOf(cause).subarray(0, 2_048).toString('latin1').split('\r\n', 1)[0] ?? '';
  const code = brokenHttpCode(cause.code);
  const entry = edgeErrors.entries[code];
  const answer = /^\S+ \/r\d/.test(line) ? faultAnswer(entry, settings) : problemAnswer(code, entry);
  const head = `HTTP/1.1 ${answer.status} ${answer.status === 500 ? 'Internal Server Error' : 'Bad Request'}`;
  const headers = [...answer.headers, 'Connection: close', `Content-Length: ${Buffer.byteLength(answer.body)}`];
  socket.end(`${head}\r\n${headers.join('\r\n')}\r\n\r\n${answer.body}`);
}

function brokenHttpCode(cause: string | undefined): 'headers-too-large' | 'method-unsupported' | 'http-malformed' {
  if (cause === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  return cause === 'HPE_INVALID_METHOD' ? 'method-unsupported' : 'http-malformed';
}

function faultAnswer(entry: ErrorEntry, settings: EdgeSettings) {
  const type = faultCode(entry, 'gateway', settings.faultSpelling);
  const { contentType, body } = renderFault({ type, message: entry.message, detail: randomUUID() }, 'json');
  return { status: faultStatus(type), headers: [`X-Road-Error: ${type}`, `Content-Type: ${contentType}`], body };
}

function problemAnswer(code: string, entry: ErrorEntry) {
  const status = statusOf(entry);
  const body = JSON.stringify({
    type: `urn:kerege:error:${code}`,
    status,
    detail: entry.message,
    code,
    next: entry.next,
  });
  return { status, headers: ['Content-Type: application/problem+json'], body };
}

function rawPacketOf(cause: ConnectionError): Buffer {
  return Buffer.isBuffer(cause.rawPacket) ? cause.rawPacket : Buffer.alloc(0);
}
