import type { CaseKind, CorrectionContent } from '#corrections';
import type { ServiceId, SubsystemId } from '#kernel';
import { hmacSha256, openRecord, sealRecord } from '#signing';

/** All that is said to an owner, and who it was: what seals it anew has to believe nobody. */
export interface CopiedRequest {
  readonly owner: SubsystemId;
  readonly kind: CaseKind;
  readonly service: ServiceId;
  readonly endpoint: string;
  readonly content: CorrectionContent;
}

const NONCE_BYTES = 24;
const LABEL = 'kerege/portal-copy/v1';

/** The key of copies, from this gateway's secret. */
export function copyKey(secret: Uint8Array): Buffer {
  return hmacSha256(secret, Buffer.from(LABEL));
}

/** A request as this gateway alone opens it, for this case of this consumer and no other; feedback keeps it. Base64url. */
export function sealCopy(key: Buffer, id: string, consumer: string, request: CopiedRequest): string {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(request)), bindingOf(id, consumer));
  return Buffer.concat([nonce, ciphertext]).toString('base64url');
}

/** Undefined if another gateway made it, the secret was changed, or it is another case's. */
export function openCopy(key: Buffer, id: string, consumer: string, copy: string): CopiedRequest | undefined {
  const bytes = Buffer.from(copy, 'base64url');
  if (bytes.length <= NONCE_BYTES) return undefined;
  const opened = openRecord(key, bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES), bindingOf(id, consumer));
  // Whatever opens was written by `sealCopy`.
  return opened && (JSON.parse(Buffer.from(opened).toString('utf8')) as CopiedRequest);
}

function bindingOf(id: string, consumer: string): Buffer {
  return Buffer.from([LABEL, id, consumer].join('\0'));
}
