import { bytesEqual, fromBase64Url, toBase64Url } from '#kernel';
import { hmacSha256 } from '#signing';

/** Where a page ended: the next one begins behind this leaf, newest first. */
export interface Position {
  readonly atMs: number;
  readonly index: number;
  /** Leaves below it were in the index when the first page was read: later ones do not come in between. */
  readonly below: number;
}

/** What a cursor is good for: this query of this reader. */
export interface CursorPurpose {
  readonly reader: string;
  /** As `spellQuery` has it. */
  readonly query: string;
}

const MAX_CURSOR = 200;
const MAC_BYTES = 32;

/**
 * A position under a keyed digest over reader and query. It carries no right: the scope is laid over every page anew. It
 * is bound all the same, so that a page of another query is an error that is noticed, not a wrong answer.
 */
export function sealCursor(position: Position, purpose: CursorPurpose, key: Uint8Array): string {
  const text = `${position.atMs}.${position.index}.${position.below}`;
  return `${text}.${toBase64Url(mac(text, purpose, key))}`;
}

/** Undefined if it is none, or one of another query, reader or log. */
export function openCursor(cursor: string, purpose: CursorPurpose, key: Uint8Array): Position | undefined {
  const match = /^((\d{1,16})\.(\d{1,16})\.(\d{1,16}))\.([A-Za-z0-9_-]{43})$/.exec(cursor.slice(0, MAX_CURSOR));
  const [, text, atMs, index, below, digest] = match ?? [];
  const given = digest === undefined ? undefined : fromBase64Url(digest);
  if (text === undefined || given?.length !== MAC_BYTES || cursor.length > MAX_CURSOR) return undefined;
  if (!bytesEqual(given, mac(text, purpose, key))) return undefined;
  return { atMs: Number(atMs), index: Number(index), below: Number(below) };
}

function mac(text: string, { reader, query }: CursorPurpose, key: Uint8Array): Buffer {
  return hmacSha256(key, Buffer.from(['kerege/cursor/v1', reader, query, text].join('\0')));
}
