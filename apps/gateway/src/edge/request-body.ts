import { ok, refuse, type Result } from '#kernel';

/** The parts of a request stream that reading needs. */
export interface BodyStream {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
}

export type BodyReason =
  | 'body-too-large'
  /** The client went away while it was sending. */
  | 'http-malformed';

/** Read and thrown away past the limit, for so long, so that a client that writes first and reads later still sees our answer. */
const DRAINED_BYTES = 4 * 1024 * 1024;
const DRAINED_MS = 500;

/** Reads a body up to a limit, and until `signal` says that it took too long; memory never holds more than that. */
export function readBody(
  stream: BodyStream,
  declaredBytes: number | undefined,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Result<Buffer, BodyReason>> {
  const mostRead = maxBytes + DRAINED_BYTES;
  if (declaredBytes !== undefined && declaredBytes > mostRead) return Promise.resolve(refuse('body-too-large'));
  return new Promise((resolve) => {
    let parts: Buffer[] = [];
    let size = 0;
    const refuseNow = () => {
      stream.pause();
      resolve(refuse('body-too-large'));
    };
    stream.on('data', (chunk) => {
      const fitted = size <= maxBytes;
      size += chunk.length;
      if (size <= maxBytes) parts.push(chunk);
      else parts = [];
      if (fitted && size > maxBytes) setTimeout(refuseNow, DRAINED_MS).unref();
      if (size > mostRead) refuseNow();
    });
    stream.on('end', () => resolve(size > maxBytes ? refuse('body-too-large') : ok(Buffer.concat(parts, size))));
    // After 'end' this changes nothing; before it, the body will never be whole.
    const giveUp = () => resolve(refuse('http-malformed'));
    stream.on('close', giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
