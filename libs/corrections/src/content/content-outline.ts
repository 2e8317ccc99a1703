import canonicalize from 'canonicalize';
import { fromBase64, fromBase64Url, sha256 } from '#kernel';
import { h1 } from '#signing';
import type { Attachment, ContentItem, CorrectionContent } from './correction-content.js';
import { valueHash } from './value-hash.js';

/** All that the bus learns of a content: where, of what kind, since when, and digests; never a value or a word. */
export interface ContentOutline {
  readonly exchangeId: string;
  /** Salted digest of the whole content: `doc` of the leaf that states it. */
  readonly digest: string;
  readonly items: readonly ItemOutline[];
  readonly evidence: readonly EvidenceOutline[];
}

export interface ItemOutline {
  readonly element?: string;
  readonly pointer: string;
  /** `valueHash` of what was shown; absent where something is missing. */
  readonly doubted?: string;
  readonly proposed?: string;
  /** ISO date. */
  readonly asOf?: string;
}

export interface EvidenceOutline {
  /** Salted as values are: a scan of a known document would be recognised by its plain hash. */
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * What is filed beside the sealed content. The owner makes it again from what it opens: an outline that differs was not
 * made from this content.
 */
export function outlineOf(content: CorrectionContent): ContentOutline {
  const salt = fromBase64Url(content.salt) ?? Buffer.alloc(0);
  return {
    exchangeId: content.exchangeId,
    digest: valueHash(salt, content),
    items: content.items.map((item) => itemOutline(salt, item)),
    evidence: content.attachments.map((one) => evidenceOutline(salt, one)),
  };
}

/** Whether this outline was made from this content. */
export function isOutlineOf(outline: ContentOutline, content: CorrectionContent): boolean {
  return canonicalize(outline) === canonicalize(outlineOf(content));
}

function itemOutline(salt: Buffer, { element, pointer, doubted, proposed, asOf }: ContentItem): ItemOutline {
  return {
    ...(element === undefined ? {} : { element }),
    pointer,
    ...(doubted === undefined ? {} : { doubted: valueHash(salt, doubted) }),
    ...(proposed === undefined ? {} : { proposed: valueHash(salt, proposed) }),
    ...(asOf === undefined ? {} : { asOf }),
  };
}

function evidenceOutline(salt: Buffer, { mediaType, bytes: base64 }: Attachment): EvidenceOutline {
  const bytes = fromBase64(base64) ?? Buffer.alloc(0);
  return { digest: h1(salt, sha256(bytes)), mediaType, size: bytes.length };
}
