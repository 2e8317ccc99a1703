import { gunzipSync } from 'node:zlib';
import { sha256, type MemberId } from '#kernel';
import { digestList, publicDigest, snapshotSchema, verifySnapshot, type VerifiedMember } from '#snapshot';

/** A row of `snapshot`, and on whose behalf it is opened. */
export interface SnapshotTask {
  /** Of one that is opened again and again it is told once what is new in it. */
  readonly reader: string;
  readonly number: number;
  readonly digest: Uint8Array;
  readonly body: Uint8Array;
}

/** What a snapshot says of keys; those that its reader was told before are left out. */
export interface SnapshotFacts {
  /** `doc` of a manifest that names this snapshot, hence the digest of its digest list. */
  readonly doc: string;
  readonly instance: string;
  readonly keys: readonly { readonly owner: string; readonly kid: string }[];
  readonly instances: readonly { readonly id: string; readonly kind: string }[];
}

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
const MAX_READERS = 8;
const MAX_MEMBERS = 100_000;

/** Owner and key id, by reader; the oldest reader is forgotten, and would be told again. */
const told = new Map<string, Set<string>>();
/** Entries that were found good, by member: most are the same from one snapshot to the next. */
const good = new Map<MemberId, VerifiedMember>();

/** Undefined if the bytes have not their digest and number, or are no snapshot. */
export function openSnapshot({ reader, number, digest, body }: SnapshotTask): SnapshotFacts | undefined {
  const bytes = unpacked(body);
  if (bytes === undefined || !sha256(bytes).equals(digest)) return undefined;
  const snapshot = snapshotSchema.safeParse(parsed(bytes));
  if (!snapshot.success || snapshot.data.number !== number) return undefined;
  const { members, instance } = snapshot.data;
  const verified = verifySnapshot(bytes, unchanged(members));
  if (!verified.ok) return undefined;
  const { view } = verified.value;
  if (good.size > MAX_MEMBERS) good.clear();
  const owners: string[] = [];
  for (const document of view.members()) {
    const entry = view.memberEntry(document.member);
    if (entry !== undefined) good.set(document.member, { entry, document });
    owners.push(...[...document.subsystems, ...document.instances].map(({ id }) => id));
  }
  const known = toldTo(reader);
  const keys = owners
    .flatMap((owner) => view.keysOf(owner as never).map(({ kid }) => ({ owner, kid })))
    .filter(({ owner, kid }) => known.size < known.add(`${owner} ${kid}`).size);
  const instances = view.instances.map(({ id, kind }) => ({ id, kind }));
  return { doc: publicDigest(digestList(bytes, members)), instance, keys, instances };
}

/** Never what was believed before: each snapshot stands for itself, as it does for whoever sees it first. */
function unchanged(members: readonly VerifiedMember['entry'][]): Map<MemberId, VerifiedMember> {
  const same = new Map<MemberId, VerifiedMember>();
  for (const entry of members) {
    const before = good.get(entry.id as MemberId);
    const isSame = before?.entry.document === entry.document && before.entry.keyChain.join() === entry.keyChain.join();
    if (before !== undefined && isSame) same.set(entry.id as MemberId, before);
  }
  return same;
}

function toldTo(reader: string): Set<string> {
  const known = told.get(reader) ?? new Set<string>();
  told.delete(reader);
  told.set(reader, known);
  const [oldest] = told.keys();
  if (told.size > MAX_READERS && oldest !== undefined) told.delete(oldest);
  return known;
}

function unpacked(body: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  } catch {
    // No gzip: not what its digest says.
    return undefined;
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // No JSON: the schema refuses it.
    return undefined;
  }
}
