import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an agency's system received, with the case, order and repetition of its headers. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What it answers; `cut` closes the connection without a word. */
export type Reply =
  { status?: number; headers?: (readonly [string, string])[]; body?: string | Buffer } | 'cut' | 'hang';

export interface EchoAgency {
  readonly url: string;
  readonly received: Received[];
  reply: Reply;
  close(): Promise<void>;
}

/** An agency's HTTP system that remembers what it is asked and answers what it is told. */
export async function startEchoAgency(): Promise<EchoAgency> {
  const agency: { received: Received[]; reply: Reply } = { received: [], reply: {} };
  const server = createServer((request, response) => void serve(agency, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections());
  return Object.assign(agency, { url: `http://127.0.0.1:${port}`, close });
}

async function serve(
  agency: { received: Received[]; reply: Reply },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method = '', url = '', rawHeaders } = request;
  const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : []));
  agency.received.push({ method, url, headers, body: Buffer.concat(parts) });
  const { reply } = agency;
  if (reply === 'cut') return void request.socket.destroy();
  if (reply === 'hang') return;
  const body = Buffer.from(reply.body ?? '{"echo":true}');
  response.writeHead(reply.status ?? 200, (reply.headers ?? [['Content-Type', 'application/json']]).flat());
  response.end(body);
}
