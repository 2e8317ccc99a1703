/** Of an answer of a service of the bus; empty where it is longer than such an answer can be. */
export async function boundedText(body: AsyncIterable<unknown>, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    // Leaving the loop destroys the body: nothing more is read.
    if (size > maxBytes) return '';
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}
