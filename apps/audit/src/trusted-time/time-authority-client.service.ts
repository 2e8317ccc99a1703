import { trustedTimeErrors } from './trusted-time.errors.js';
import type { TimeAuthority } from './authority.js';

/** A token with a chain of certificates has 2–8 KiB. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Asks an authority over HTTP (RFC 3161 §3.4). Resolves with the bytes of its answer, not yet looked at; rejects with
 * `time-authority-unreachable`. `signal` bounds it. It keeps nothing: an answer that was lost is asked for again, with another nonce.
 */
export async function askAuthority({ name, url }: TimeAuthority, query: Buffer, signal: AbortSignal): Promise<Buffer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/timestamp-query', Accept: 'application/timestamp-reply' },
      body: new Uint8Array(query),
      redirect: 'error',
      signal,
    });
    const bytes = await readBounded(answer);
    const type = answer.headers.get('content-type') ?? '';
    if (answer.status === 200 && /^application\/timestamp-reply\s*(?:;|$)/iu.test(type) && bytes !== undefined)
      return bytes;
    const details = { authority: name, status: answer.status, isTooLong: bytes === undefined };
    throw trustedTimeErrors.error('time-authority-unreachable', { details });
  } catch (cause) {
    throw trustedTimeErrors.error('time-authority-unreachable', { cause, details: { authority: name } });
  }
}

async function readBounded({ body }: Response): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (body === null) return Buffer.alloc(0);
  // Leaving the loop cancels the rest.
  for await (const part of body as ReadableStream<Uint8Array>) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
