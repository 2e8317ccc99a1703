import { bytesEqual, fromBase64Url, toBase64Url } from '#kernel';
import { hmacSha256 } from '#signing';
import type { AccessPlace } from './outcome.js';

/** What a cursor is good for: this question, by this person. Any text; it is digested, never shown. */
export type CursorPurpose = readonly string[];

const MAX_CURSOR = 200;
const FORM = /^((\d{1,16})\.(\d{1,5})\.(\d{1,16})\.([su])\.(\d{1,5}))\.([A-Za-z0-9_-]{43})$/;

/**
 * A place under a keyed digest over who asks and what for. It carries no right – whose rows are shown is decided anew for
 * each page – but a page of another question or person is an error that is noticed, not a wrong answer.
 */
export function sealCursor(place: AccessPlace, purpose: CursorPurpose, key: Uint8Array): string {
  const { atMs, logId, index, kind, position } = place;
  const text = `${atMs}.${logId}.${index}.${kind === 'user' ? 'u' : 's'}.${position}`;
  return `${text}.${toBase64Url(mac(text, purpose, key))}`;
}

/** Undefined if it is none, or one of another question or person. */
export function openCursor(cursor: string, purpose: CursorPurpose, key: Uint8Array): AccessPlace | undefined {
  const match = cursor.length > MAX_CURSOR ? null : FORM.exec(cursor);
  const [, text, atMs, logId, index, kind, position, digest] = match ?? [];
  const given = digest === undefined ? undefined : fromBase64Url(digest);
  if (text === undefined || given === undefined || !bytesEqual(given, mac(text, purpose, key))) return undefined;
  return {
    atMs: Number(atMs),
    logId: Number(logId),
    index: Number(index),
    kind: kind === 'u' ? 'user' : 'subject',
    position: Number(position),
  };
}

function mac(text: string, purpose: CursorPurpose, key: Uint8Array): Buffer {
  return hmacSha256(key, Buffer.from(JSON.stringify(['kerege/access-cursor/v1', ...purpose, text])));
}
