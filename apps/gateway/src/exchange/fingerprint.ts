import { sha256 } from '#kernel';
import { spelled, hmacSha256, type TypedSubject } from '#signing';
import type { ExchangeRequest } from './exchange.js';

/** The resolved context that a fingerprint covers; two spellings of one context are one call. */
export interface FingerprintContext {
  readonly subject: TypedSubject | undefined;
  readonly purpose: string;
  readonly legalBasis: string;
  /** Who acts; a renewed assertion of the same person is the same call. */
  readonly endUser: TypedSubject | undefined;
  /** The order that it names; none is no part of it, so that older rows keep their fingerprints. */
  readonly concealment?: string | undefined;
}

/**
 * What makes two calls under one idempotency key the same call (`bus.md` §4.1). Keyed, because the parts are guessable
 * personal data and the row outlives the exchange. Each part carries its length, so no two lists of parts collide.
 */
export function fingerprint(key: Uint8Array, request: ExchangeRequest, context: FingerprintContext): Buffer {
  const { subject, endUser, concealment } = context;
  const parts: (string | Uint8Array)[] = [
    request.method,
    request.target.raw,
    headerValue(request, 'content-type') ?? '',
    personText(subject),
    context.purpose,
    context.legalBasis,
    personText(endUser),
    sha256(request.body),
    ...(concealment === undefined ? [] : [concealment]),
  ];
  const framed = parts.flatMap((part) => {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return hmacSha256(key, Buffer.concat(framed));
}

function personText(person: TypedSubject | undefined): string {
  return person === undefined ? '' : spelled(person);
}

/** Of several headers of one name the last stands, as for `X-Road-Client` (`exchange.md` §2.3). */
function headerValue(request: Pick<ExchangeRequest, 'headers'>, name: string): string | undefined {
  return request.headers.findLast((header) => header.name.toLowerCase() === name)?.value;
}
