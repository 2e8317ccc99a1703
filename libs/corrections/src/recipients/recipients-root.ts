import { randomBytes } from 'node:crypto';
import { fromBase64Url, ok, refuse, toBase64Url, type Result } from '#kernel';
import { leafHash, nodeHash, verifyInclusion } from '#tlog';
import type { CaseRecipient } from '../case/record.js';

/** A place of the list with its secret: 32 bytes that no other place has. `recipient` undefined: padding. */
export interface SaltedRecipient {
  readonly salt: Uint8Array;
  readonly recipient: CaseRecipient | undefined;
}

/** What the log commits to, and what opens it. `places` are kept under the case's key and end with it. */
export interface RecipientsList {
  /** `doc` of the statements that begin and end the telling. */
  readonly root: string;
  /** In the order of their hashes, which is chance: no place tells how many are before it. */
  readonly places: readonly SaltedRecipient[];
}

/** One place shown to somebody, with what proves that it stands in the list. */
export interface RevealedRecipient extends SaltedRecipient {
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
}

/** So that few recipients look like none. */
const LEAST_PLACES = 16;
const SALT_BYTES = 32;
export const MAX_RECIPIENTS = 65_536;

/**
 * The list of who was told, closed (`corrections.md` §9): salted entries, padded to a power of two, under one root. It
 * cannot be shortened afterwards, a part of it can be shown without the rest, and its length shows nowhere.
 */
export function closeList(
  recipients: readonly CaseRecipient[],
  makeSalt: () => Uint8Array = () => randomBytes(SALT_BYTES),
): Result<RecipientsList, 'recipients-too-many'> {
  if (recipients.length > MAX_RECIPIENTS) return refuse('recipients-too-many');
  let size = LEAST_PLACES;
  while (size < recipients.length) size *= 2;
  const places = Array.from({ length: size }, (_none, place) => ({ salt: makeSalt(), recipient: recipients[place] }));
  const hashed = places.map((place) => ({ place, hash: placeHash(place) }));
  hashed.sort((a, b) => Buffer.compare(a.hash, b.hash));
  const root = levelsOver(hashed.map(({ hash }) => hash)).at(-1)?.[0];
  // A list has sixteen places at least, so it has a root.
  return ok({ root: rootText(root as Buffer), places: hashed.map(({ place }) => place) });
}

/** The places that hold these recipients, each with its proof; padding and others stay hidden. */
export function reveal(
  { places }: RecipientsList,
  isShown: (recipient: CaseRecipient) => boolean,
): RevealedRecipient[] {
  const levels = levelsOver(places.map((place) => placeHash(place)));
  return places.flatMap((place, index) =>
    place.recipient !== undefined && isShown(place.recipient)
      ? [{ ...place, index, size: places.length, path: pathOf(index, levels) }]
      : [],
  );
}

/** Whether that recipient stands in the list of that root. */
export function isRevealed(root: string, { index, size, path, ...place }: RevealedRecipient): boolean {
  const wanted = root.startsWith(PREFIX) ? fromBase64Url(root.slice(PREFIX.length)) : undefined;
  return wanted !== undefined && isSalt(place.salt) && verifyInclusion(placeHash(place), index, size, path, wanted);
}

/** For who may see all of it: whether these are the list, padding included. */
export function isWhole({ root, places }: RecipientsList): boolean {
  if (!places.every(({ salt }) => isSalt(salt))) return false;
  const hashes = places.map((place) => placeHash(place));
  const made = Number.isInteger(Math.log2(hashes.length)) ? levelsOver(hashes).at(-1)?.[0] : undefined;
  return made !== undefined && rootText(made) === root;
}

/** Private, and opaque without its salts. */
const PREFIX = 'h1:';
const rootText = (root: Buffer) => `${PREFIX}${toBase64Url(root)}`;

/** Else an entry could be shown as the end of a long salt: as padding, or as part of another entry. */
const isSalt = (salt: Uint8Array) => salt.length === SALT_BYTES;

/** Salt and RFC 8785 form of the entry; padding has no entry. */
function placeHash({ salt, recipient }: SaltedRecipient): Buffer {
  if (recipient === undefined) return leafHash(salt);
  const { action, lastExchangeId, reason, subsystem } = recipient;
  const entry = JSON.stringify({ action, lastExchangeId, reason, subsystem });
  return leafHash(Buffer.concat([salt, Buffer.from(entry)]));
}

/** Leaves first, root last; as many leaves as a power of two. */
function levelsOver(leaves: readonly Buffer[]): Buffer[][] {
  const levels = [[...leaves]];
  for (let level = levels[0] ?? []; level.length > 1;) {
    const above: Buffer[] = [];
    for (let at = 0; at + 1 < level.length; at += 2) above.push(nodeHash(level[at] as Buffer, level[at + 1] as Buffer));
    levels.push(above);
    level = above;
  }
  return levels;
}

function pathOf(index: number, levels: readonly Buffer[][]): Buffer[] {
  return levels.slice(0, -1).map((level, height) => {
    const at = Math.floor(index / 2 ** height);
    return level[at % 2 === 0 ? at + 1 : at - 1] as Buffer;
  });
}
