import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What came back on a connection to which bytes were written as they are. */
export interface RawTalk {
  /** All bytes, as latin1 text. */
  readonly text: string;
  readonly statuses: readonly number[];
  /** Whether the server ended the connection, by itself and within the time. */
  readonly isClosed: boolean;
  readonly tookMs: number;
}

interface RawOptions {
  /** How long is waited for the server to close. */
  readonly waitMs?: number;
  /** Ends the wait as soon as so many answers have begun. */
  readonly answers?: number;
  /** Says at once that nothing more will come. */
  readonly isAll?: boolean;
  /** Between two pieces, when several are given. */
  readonly pauseMs?: number;
}

/** Writes bytes on a socket of its own, with no client in between that repairs them, and listens until the server closes. */
export async function rawTalk(
  url: string,
  bytes: string | Buffer | string[],
  options: RawOptions = {},
): Promise<RawTalk> {
  const { waitMs = 3_000, answers = Infinity, pauseMs = 5, isAll = false } = options;
  const { hostname, port } = new URL(url);
  const from = performance.now();
  const chunks: Buffer[] = [];
  const text = () => Buffer.concat(chunks).toString('latin1');
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: isAll });
  let isClosed = false;
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (statusesOf(text()).length >= answers) resolve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      isClosed = true;
      resolve();
    });
  });
  for (const piece of Array.isArray(bytes) ? bytes : [bytes]) {
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    if (Array.isArray(bytes)) await pause(pauseMs);
    if (socket.destroyed) break;
  }
  if (isAll) socket.end();
  await ended;
  socket.destroy();
  const found = text();
  return { text: found, statuses: statusesOf(found), isClosed, tookMs: performance.now() - from };
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/(?:^|[^\r\n]*)HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
