import { randomBytes } from 'node:crypto';
import {
  MOST_CONTENT_BYTES,
  readContent,
  type CaseKind,
  type ContentFlaw,
  type ContentOutline,
  type CorrectionContent,
} from '#corrections';
import { refuse, sha256, toBase64Url, toHex, type Result, type ServiceId, type SubsystemId } from '#kernel';

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

/**
 * The id of one owner's part, the same whenever the same whole is filed: who asks again after a lost answer completes the
 * family and makes no second one. A UUIDv7 with the time of the whole.
 */
export function partIdOf(correctionId: string, owner: SubsystemId): string {
  const hex = toHex(sha256(Buffer.from(['kerege/correction-part/v1', correctionId, owner].join('\0'))));
  const variant = ((parseInt(hex.charAt(3), 16) & 3) | 8).toString(16);
  return `${correctionId.slice(0, 14)}7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
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
