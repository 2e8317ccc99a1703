import { sha256, toHex } from '#kernel';
import type { EvidenceMember } from './evidence.js';
import { importKey, isSignedBy, parseJws, type PublicKey } from './jws.js';
import { asRecord, constant, list, object, text, type Reader } from './shape.js';

/** Member documents and the chains of keys behind them (`bus.md` §6). */

interface PublishedKey {
  readonly kid: string;
  readonly use: string;
  readonly jwk: unknown;
  readonly from: string;
  readonly until: string;
}

interface KeyOwner {
  readonly id: string;
  readonly keys: readonly PublishedKey[];
  readonly kind?: string;
}

/** A member's own word about its subsystems' and instances' keys. */
export interface Member {
  readonly id: string;
  /** Hex, as digest lists name it. */
  readonly digest: string;
  /** -Infinity for a document from before there were times. */
  readonly signedAtMs: number;
  readonly subsystems: readonly KeyOwner[];
  readonly instances: readonly KeyOwner[];
}

const anything: Reader<unknown> = (value) => value;
const link = object({
  v: constant(1),
  member: text(),
  number: (value: unknown) => (typeof value === 'number' ? value : undefined),
  key: object({ kid: text(), jwk: anything }),
});
const publishedKey = object({ kid: text(), use: text(), jwk: anything, from: text(), until: text() });

/** SHA-256 over the document and its chain, one per line. */
export function memberDigest({ document, keyChain }: EvidenceMember): string {
  return toHex(sha256([document, ...keyChain].join('\n')));
}

/** The line of a digest list that names this version of the member. */
export function isListed(member: { readonly id: string; readonly digest: string }, digests: string): boolean {
  return digests.split('\n').includes(`${member.id} ${member.digest}`);
}

/** The key that the chain ends with: the first signs itself, each later one is signed by the one before. */
export function newestKey({ id, keyChain }: EvidenceMember): PublicKey | undefined {
  let newest: PublicKey | undefined;
  for (const [index, entry] of keyChain.entries()) {
    const jws = parseJws(entry, 'kerege-key+jwt');
    const fields = link(jws?.payload);
    const key = importKey(fields?.key.jwk);
    if (jws === undefined || fields?.member !== id || fields.number !== index + 1) return undefined;
    if (key === undefined || key.kid !== fields.key.kid || !isSignedBy(jws, newest ?? key)) return undefined;
    newest = key;
  }
  return newest;
}

/** The document's content if that key signed it and it speaks of that member. */
export function readMember(entry: EvidenceMember, key: PublicKey): Member | undefined {
  const jws = parseJws(entry.document, 'kerege-member+jwt');
  if (jws === undefined || jws.payload['v'] !== 1 || jws.payload['member'] !== entry.id) return undefined;
  const subsystems = list(keyOwner)(jws.payload['subsystems']);
  const instances = list(keyOwner)(jws.payload['instances']);
  if (subsystems === undefined || instances === undefined || !isSignedBy(jws, key)) return undefined;
  return {
    id: entry.id,
    digest: memberDigest(entry),
    signedAtMs: signedAtMs(jws.payload['signedAt']),
    subsystems,
    instances,
  };
}

function signedAtMs(value: unknown): number {
  const ms = Date.parse(text()(value) ?? '');
  return Number.isNaN(ms) ? -Infinity : ms;
}

/** The owner's signing key of that thumbprint, valid at that time by the owner's own word. */
export function signingKey(owner: KeyOwner, kid: string, atMs: number): PublicKey | undefined {
  const published = owner.keys.find((key) => key.kid === kid && key.use === 'sign');
  if (published === undefined) return undefined;
  if (!(Date.parse(published.from) <= atMs && atMs < Date.parse(published.until))) return undefined;
  const key = importKey(published.jwk);
  return key?.kid === kid ? key : undefined;
}

/** Only what decides about keys is read; services and agreements are the connector's matter. */
function keyOwner(value: unknown): KeyOwner | undefined {
  const fields = asRecord(value);
  const id = text()(fields?.['id']);
  const keys = list(publishedKey)(fields?.['keys']);
  const kind = text()(fields?.['kind']);
  if (id === undefined || keys === undefined) return undefined;
  return kind === undefined ? { id, keys } : { id, keys, kind };
}
