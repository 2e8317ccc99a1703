import { ok, refuse, type Result } from '#kernel';

/** Reads a body up to a limit. Past it nothing more is read: the caller ends the connection. */
export async function readBody(
  chunks: AsyncIterable<unknown>,
  declaredBytes: number | undefined,
  maxBytes: number,
): Promise<Result<Buffer, 'body-too-large'>> {
  if (declaredBytes !== undefined && declaredBytes > maxBytes) return refuse('body-too-large');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxBytes) return refuse('body-too-large');
    parts.push(chunk);
  }
  return ok(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size));
}
