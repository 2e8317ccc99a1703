import { hmacSha256, openRecord, sealRecord } from '#signing';

/** What a verification read needs of a filing: personal data, so it stands in the row sealed and nowhere else. */
export interface KeptFiling {
  /** Of the case's content, base64url. */
  readonly salt: string;
  readonly service: string;
  /** Raw, below the service. */
  readonly path: string;
  readonly query?: string | undefined;
  /** `COUNTRY/TYPE/CODE`. */
  readonly subject: string;
  /** By place in the case's items, where in the answer each stands. */
  readonly pointers: readonly string[];
}

const NONCE_BYTES = 24;

/** The key of these rows, from this gateway's secret. */
export function filingKey(secret: Uint8Array): Buffer {
  return hmacSha256(secret, Buffer.from('kerege/correction-filing/v1'));
}

/** Opens for this case of this consumer and no other. */
export function sealFiling(key: Buffer, id: string, consumer: string, filing: KeptFiling): Buffer {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(filing)), bindingOf(id, consumer));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if it was sealed under another key: the gateway's secret was changed. */
export function openFiling(key: Buffer, id: string, consumer: string, sealed: Uint8Array): KeptFiling | undefined {
  const [nonce, ciphertext] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
  const bytes = openRecord(key, nonce, ciphertext, bindingOf(id, consumer));
  // Whatever opens was written by `sealFiling`.
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as KeptFiling);
}

function bindingOf(id: string, consumer: string): Buffer {
  return Buffer.from(['kerege/correction-filing/v1', id, consumer].join('\0'));
}
