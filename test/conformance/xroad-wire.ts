import { connect } from 'node:net';

/** An answer as it stood on the wire: names with their case, repetitions and order kept. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** First value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
}

/** Sends bytes as they are (no client normalises them) and reads until the server closes. */
export function sendRaw(url: string, request: string | Buffer, timeoutMs = 30_000): Promise<WireAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setTimeout(timeoutMs, () => socket.destroy(new RangeError('the server neither answered nor closed')));
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server that refuses early may reset what is still being sent; what it said before counts.
    socket.on('error', (cause) => (chunks.length > 0 ? undefined : reject(cause)));
    socket.on('close', () =>
      chunks.length > 0
        ? resolve(parseAnswer(Buffer.concat(chunks)))
        : reject(new RangeError('closed without an answer')),
    );
  });
}

export interface WireRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Buffer;
}

/** A request of exactly these headers, plus what HTTP itself needs. */
export function wireBytes({ method = 'GET', target, headers = [], body }: WireRequest): Buffer {
  const content = Buffer.from(body ?? '');
  const length = body === undefined ? [] : [['Content-Length', String(content.length)] as const];
  const lines = [...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), content]);
}

function parseAnswer(bytes: Buffer): WireAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const header = (name: string) => headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
  return { status: Number(statusLine.split(' ')[1]), headers, body: bytes.subarray(end + 4).toString('utf8'), header };
}
