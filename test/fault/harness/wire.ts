import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Boundary, Trap } from './boundary.js';

/** One connection through a proxy, as the protocol on it sees it. */
export interface Line {
  /** Passes bytes on to the server. */
  forward(bytes: Buffer): void;
  /** Passes bytes back to the process. */
  answer(bytes: Buffer): void;
  /** What a trap does, when its moment has come. */
  suffer(trap: Trap): void;
}

/** What a protocol does with the bytes of one connection. */
export interface Protocol {
  fromProcess(chunk: Buffer): void;
  fromServer(chunk: Buffer): void;
}

export interface Proxy {
  readonly port: number;
  close(): Promise<void>;
}

export interface ProxyOptions {
  readonly boundary: Boundary;
  readonly serverPort: number;
  /** 0 for any. */
  readonly port: number;
  readonly speak: (line: Line) => Protocol;
}

/** A TCP proxy between one process and one server; the protocol decides what is a step, the boundary what befalls it. */
export async function startProxy({ boundary, serverPort, port, speak }: ProxyOptions): Promise<Proxy> {
  const open = new Set<() => void>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    const forget = boundary.register(end);
    open.add(end);
    const closed = () => {
      forget();
      open.delete(end);
      end();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', closed);
    join(client, upstream, { boundary, end, speak });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const end of open) end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Joint {
  readonly boundary: Boundary;
  readonly end: () => void;
  readonly speak: (line: Line) => Protocol;
}

function join(client: Socket, upstream: Socket, { boundary, end, speak }: Joint): void {
  const protocol = speak({
    forward: (bytes) => {
      if (!boundary.isHalted) upstream.write(bytes);
    },
    answer: (bytes) => {
      if (!boundary.isHalted) client.write(bytes);
    },
    suffer: (trap) => {
      if (trap.fate === 'halt') boundary.halt();
      else end();
      trap.sprung();
    },
  });
  client.on('data', (chunk) => {
    if (!boundary.isHalted && !client.destroyed) protocol.fromProcess(chunk);
  });
  upstream.on('data', (chunk) => {
    if (!boundary.isHalted && !client.destroyed) protocol.fromServer(chunk);
  });
}

/** Cuts a stream into messages: `lengthOf` tells the length of the first one, undefined while it cannot. */
export function splitter(
  lengthOf: (rest: Buffer) => number | undefined,
  onMessage: (message: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const length = lengthOf(rest);
      if (length === undefined || rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      onMessage(message);
    }
  };
}
