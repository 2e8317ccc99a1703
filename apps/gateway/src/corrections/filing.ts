import { randomBytes } from 'node:crypto';
import {
  MOST_CONTENT_BYTES,
  readContent,
  type CaseKind,
  type ContentFlaw,
  type ContentOutline,
  type CorrectionContent,
} from '#corrections';
import { parseExchangeId, refuse, toBase64Url, type Result, type ServiceId, type SubsystemId } from '#kernel';
import { hmacSha256 } from '#signing';

/** How the same answer is asked for again: raw, below the service. */
export interface Recheck {
  readonly path: string;
  readonly query?: string | undefined;
}

/** What a portal asks for. `items` and `attachments` are as they came: `contentOf` reads them. */
export interface FilingRequest {
  readonly correctionId: string;
  readonly kind: CaseKind;
  readonly service: ServiceId;
  readonly endpoint: string;
  readonly exchangeId: string;
  readonly subject: string;
  readonly language: string;
  readonly profile?: string | undefined;
  readonly items: unknown;
  readonly attachments?: unknown;
  readonly recheck?: Recheck | undefined;
}

/** A part of a case that several owners answer. */
export interface FiledPart {
  readonly correctionId: string;
  readonly owner: SubsystemId;
  /** Places in the items of the whole. */
  readonly items: readonly number[];
}

export const freshSalt = (): string => toBase64Url(randomBytes(32));

/** What the owner will read, checked whole, with what may be shown of it. */
export function contentOf(request: FilingRequest, salt: string): Result<CorrectionContent, ContentFlaw> {
  const { subject, exchangeId, language, items, attachments = [] } = request;
  const bytes = Buffer.from(JSON.stringify({ v: 1, salt, subject, exchangeId, language, items, attachments }));
  return bytes.length > MOST_CONTENT_BYTES
    ? refuse({ reason: 'content-too-big', most: MOST_CONTENT_BYTES })
    : readContent(bytes);
}

/** The content of one part: its own items under a salt of its own, so that no owner can tell what another was sent. */
export function partContent(whole: CorrectionContent, { items }: FiledPart, salt: string): CorrectionContent {
  return { ...whole, salt, items: whole.items.filter((_, place) => items.includes(place)) };
}

/** The key of the ids of parts, from the gateway's secret. */
export function partKey(secret: Uint8Array): Buffer {
  return hmacSha256(secret, Buffer.from('kerege/correction-parts/v1'));
}

/** The time within a UUIDv7 of a part lies so much before that of its whole at most. */
const MOST_EARLIER_MS = 60_000;

/**
 * The id of one owner's part, the same whenever the same whole is filed here: who asks again after a lost answer makes no
 * second one. A UUIDv7 that tells nobody without the key, not by its time either, which whole it is of.
 */
export function partIdOf(key: Uint8Array, correctionId: string, owner: SubsystemId): string {
  const bytes = Buffer.from(hmacSha256(key, Buffer.from([correctionId, owner].join('\0'))));
  const wholeMs = parseInt(correctionId.slice(0, 8) + correctionId.slice(9, 13), 16);
  const id = bytes.subarray(0, 16);
  id.writeUIntBE(Math.max(0, wholeMs - (bytes.readUInt32BE(16) % MOST_EARLIER_MS)), 0, 6);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x70, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The ids under which a whole that stands already named its parts, in their order: those of another gateway of the consumer,
 * of a secret that was changed since, or of a release before. Undefined where it does not name so many.
 */
export function namedParts(standing: Readonly<Record<string, unknown>>, count: number): readonly string[] | undefined {
  const { parts } = standing;
  if (!Array.isArray(parts) || parts.length !== count) return undefined;
  const ids = parts.flatMap((id) => (typeof id === 'string' && parseExchangeId(id) !== undefined ? [id] : []));
  return new Set(ids).size === count ? ids : undefined;
}

/** What a portal is told of a flaw: where, and nothing of what stands there. */
export function flawExtensions(flaw: ContentFlaw): Readonly<Record<string, unknown>> {
  return flaw.reason === 'content-too-big' ? { reason: flaw.reason, mostBytes: flaw.most } : { ...flaw };
}

/** Whether a case that stands under this id is this filing: the same kind, answer and places. Salted digests say nothing. */
export function isSameFiling(
  standing: Readonly<Record<string, unknown>>,
  { kind, service, endpoint }: FilingRequest,
  { exchangeId, items }: ContentOutline,
): boolean {
  const own = items.map(({ element, pointer }) => `${element ?? ''} ${pointer}`);
  const theirs = Array.isArray(standing['items']) ? standing['items'].map(placeOf) : [];
  return (
    standing['kind'] === kind &&
    standing['service'] === service &&
    standing['endpoint'] === endpoint &&
    standing['exchangeId'] === exchangeId &&
    own.length === theirs.length &&
    own.every((place, index) => place === theirs[index])
  );
}

function placeOf(item: unknown): string {
  const { elementId = '', jsonPointer = '' } = item as Readonly<Record<string, unknown>>;
  return `${String(elementId)} ${String(jsonPointer)}`;
}
