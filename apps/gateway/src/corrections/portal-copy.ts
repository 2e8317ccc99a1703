import { hmacSha256, openRecord, sealRecord } from '#signing';

const NONCE_BYTES = 24;
const LABEL = 'kerege/portal-copy/v1';

/** The key of copies, from this gateway's secret. */
export function copyKey(secret: Uint8Array): Buffer {
  return hmacSha256(secret, Buffer.from(LABEL));
}

/** A request as this gateway alone opens it, for this case of this consumer and no other; feedback keeps it. Base64url. */
export function sealCopy(key: Buffer, id: string, consumer: string, content: object): string {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(content)), bindingOf(id, consumer));
  return Buffer.concat([nonce, ciphertext]).toString('base64url');
}

/** The bytes of the content; undefined if another gateway made it, or the secret was changed. */
export function openCopy(key: Buffer, id: string, consumer: string, copy: string): Buffer | undefined {
  const bytes = Buffer.from(copy, 'base64url');
  if (bytes.length <= NONCE_BYTES) return undefined;
  const opened = openRecord(key, bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES), bindingOf(id, consumer));
  return opened && Buffer.from(opened);
}

function bindingOf(id: string, consumer: string): Buffer {
  return Buffer.from([LABEL, id, consumer].join('\0'));
}
