import { z } from 'zod';
import { fromBase64, fromBase64Url, ok, refuse, type Result } from '#kernel';
import { isHashable } from './is-hashable.js';

/** Of a whole content with its attachments, as JSON; larger ones come later (`corrections.md` §3). */
export const MOST_CONTENT_BYTES = 512 * 1024;
const MOST_ITEMS = 20;
const MOST_ATTACHMENTS = 10;
const MOST_TEXT = 4_000;
const SALT_BYTES = 32;

/** What a case worker may open; a first line against what runs or calls home, before the owner's own scanner. */
export const MEDIA_TYPES = ['application/pdf', 'image/jpeg', 'image/png', 'text/plain'] as const;

const text = z.string().max(MOST_TEXT);
const item = z.strictObject({
  /** Absent: a place that no element stands at; the owner of the service answers then. */
  element: z.string().min(1).max(128).optional(),
  /** RFC 6901, in the answer in which it was seen. */
  pointer: z
    .string()
    .max(1_024)
    .regex(/^(\/([^~]|~[01])*)?$/),
  /** As it was shown; absent where something is missing. */
  doubted: z.json().optional(),
  /** As it should be, if the person knows. */
  proposed: z.json().optional(),
  /** Since when it is wrong. */
  asOf: z.iso.date().optional(),
  explanation: text.optional(),
});
const attachment = z.strictObject({
  name: z.string().min(1).max(128),
  mediaType: z.enum(MEDIA_TYPES),
  /** base64. */
  bytes: z.string().refine((bytes) => fromBase64(bytes) !== undefined),
});
const content = z.strictObject({
  v: z.literal(1),
  /** base64url, 32 bytes, made for this case alone. */
  salt: z.string().refine((salt) => fromBase64Url(salt)?.length === SALT_BYTES),
  /** `COUNTRY/TYPE/CODE`. */
  subject: z.string().max(255),
  /** Of the answer in which it was seen. */
  exchangeId: z.uuid(),
  /** In which the person reads: az, ky, kk, ru, en. */
  language: z.enum(['az', 'ky', 'kk', 'ru', 'en']),
  items: z.array(item).min(1).max(MOST_ITEMS),
  attachments: z.array(attachment).max(MOST_ATTACHMENTS).default([]),
});

/** What a person says is wrong, as the owner of the datum reads it and nobody else (`corrections.md` §3, §4). */
export type CorrectionContent = z.infer<typeof content>;
export type ContentItem = CorrectionContent['items'][number];
export type Attachment = CorrectionContent['attachments'][number];

export type ContentFlaw =
  | { readonly reason: 'content-too-big'; readonly most: number }
  /** `places`: JSON pointers into the content, and nothing of what stands there. */
  | { readonly reason: 'content-malformed'; readonly places: readonly string[] }
  /** `places`: of attachments whose bytes are not what their media type says. */
  | { readonly reason: 'attachment-mislabelled'; readonly places: readonly string[] };

/** What was opened, or was sent to be sealed, checked whole. Never throws for what somebody has sent. */
export function readContent(bytes: Uint8Array): Result<CorrectionContent, ContentFlaw> {
  if (bytes.length > MOST_CONTENT_BYTES) return refuse({ reason: 'content-too-big', most: MOST_CONTENT_BYTES });
  const json = parsed(bytes);
  if (!isHashable(json)) return refuse({ reason: 'content-malformed', places: [''] });
  const read = content.safeParse(json);
  if (!read.success) {
    const places = read.error.issues.map(({ path }) => pointerOf(path));
    return refuse({ reason: 'content-malformed', places: [...new Set(places)] });
  }
  const mislabelled = read.data.attachments.flatMap((one, index) =>
    isAsLabelled(one) ? [] : [pointerOf(['attachments', index])],
  );
  if (mislabelled.length > 0) return refuse({ reason: 'attachment-mislabelled', places: mislabelled });
  return ok(read.data);
}

/** First bytes of each kind; a text is UTF-8 without control characters. */
function isAsLabelled({ mediaType, bytes: base64 }: Attachment): boolean {
  const bytes = fromBase64(base64) ?? Buffer.alloc(0);
  const starts = (...magic: readonly number[]) => magic.every((byte, index) => bytes[index] === byte);
  switch (mediaType) {
    case 'application/pdf':
      return starts(0x25, 0x50, 0x44, 0x46, 0x2d);
    case 'image/jpeg':
      return starts(0xff, 0xd8, 0xff);
    case 'image/png':
      return starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
    case 'text/plain':
      return isText(bytes);
  }
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    );
  } catch {
    // Bytes that are no UTF-8: an answer.
    return false;
  }
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // No JSON: refused as malformed at its root.
    return undefined;
  }
}
