import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Witness, WitnessAnswer } from './witness.service.js';

/** `audit-log.md` §2.6. 63 proof lines and a note of many signatures are less. */
const MAX_BODY_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 200;
const TIMEOUT_MS = 10_000;
const MONITORING = /^\/([0-9a-f]{64})\/checkpoint$/;

export type Report = (what: string, cause: unknown) => void;

/** The witness over HTTP: node's own server, because a witness is small and should stay so. */
export function witnessServer(witness: Witness, report: Report): Server {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    answer(witness, request).then(
      (given) => send(response, given),
      (cause: unknown) => {
        report('request-failed', cause);
        send(response, problem(500));
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function answer(witness: Witness, request: IncomingMessage): Promise<WitnessAnswer> {
  const { method = '', url = '' } = request;
  if (url === '/live' && method === 'GET') return problem(200);
  const digest = MONITORING.exec(url)?.[1];
  if (digest !== undefined) return method === 'GET' ? witness.newest(digest) : problem(405);
  if (url !== '/add-checkpoint') return problem(404);
  if (method !== 'POST') return problem(405);
  const body = await bodyOf(request);
  return typeof body === 'string' ? witness.add(body) : problem(body);
}

/** The whole body as text, or the status that says why not. */
async function bodyOf(request: IncomingMessage): Promise<string | 400 | 413> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed on the way out: who sent too much is told so.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return 413;
    chunks.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    // Not UTF-8: no note is.
    return 400;
  }
}

function problem(status: number): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: '' };
}

function send(response: ServerResponse, { status, type, body }: WitnessAnswer): void {
  // A body that was too long is not read to its end: the connection cannot be used again.
  const close = status === 413 ? { Connection: 'close' } : {};
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...close });
  response.end(body);
}
