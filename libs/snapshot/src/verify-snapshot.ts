import { ok, refuse, sha256, toHex, type MemberId, type Result } from '#kernel';
import { verifyMemberEntry, type MemberEntryReason } from './member-entry.js';
import { RegistryView, type VerifiedMember } from './registry-view.js';
import { snapshotSchema, type Snapshot } from './snapshot.js';

/** A snapshot that was read and is of that digest; of its members nothing is believed yet. */
export interface ReadSnapshot {
  readonly snapshot: Snapshot;
  readonly number: number;
  /** Hex SHA-256 of its uncompressed bytes. */
  readonly digestHex: string;
}

/** A member whose new entry was not believed; `kept` tells whether its previous document stays in force. */
export interface DistrustedMember {
  readonly member: string;
  readonly reason: MemberEntryReason;
  readonly kept: boolean;
}

export interface VerifiedSnapshot {
  readonly view: RegistryView;
  /** Each is an alarm: the rest of the snapshot is adopted all the same (`bus.md` §6). */
  readonly distrusted: readonly DistrustedMember[];
}

/** What a reader remembers from one snapshot to the next. */
export type KnownMembers = ReadonlyMap<MemberId, VerifiedMember>;

/** Parses a snapshot's uncompressed bytes; checks nothing that a member has signed. */
export function readSnapshot(bytes: Uint8Array): Result<ReadSnapshot, 'snapshot-invalid'> {
  const parsed = snapshotSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return refuse('snapshot-invalid');
  return ok({ snapshot: parsed.data, number: parsed.data.number, digestHex: toHex(sha256(bytes)) });
}

/**
 * Checks every member's entry against what is known of it. It has to be called when the snapshot is adopted, with what is
 * known then: who checks earlier would believe of a member what it has contradicted since.
 */
export function believeSnapshot({ snapshot, digestHex }: ReadSnapshot, known: KnownMembers): VerifiedSnapshot {
  const distrusted: DistrustedMember[] = [];
  const members: VerifiedMember[] = [];
  for (const entry of snapshot.members) {
    const before = known.get(entry.id as MemberId);
    if (before !== undefined && isSame(before.entry, entry)) {
      members.push(before);
      continue;
    }
    const verified = verifyMemberEntry(entry, before);
    if (verified.ok) members.push(verified.value);
    else distrusted.push({ member: entry.id, reason: verified.reason, kept: before !== undefined });
    if (!verified.ok && before !== undefined) members.push(before);
  }
  return { view: new RegistryView(snapshot, digestHex, members), distrusted };
}

/**
 * Parses a snapshot's uncompressed bytes and checks every member's entry. Says nothing about whether the registry
 * published it: that is the manifest's part (`Adoption`).
 */
export function verifySnapshot(bytes: Uint8Array, known: KnownMembers): Result<VerifiedSnapshot, 'snapshot-invalid'> {
  const read = readSnapshot(bytes);
  return read.ok ? ok(believeSnapshot(read.value, known)) : read;
}

function isSame(a: VerifiedMember['entry'], b: VerifiedMember['entry']): boolean {
  return (
    a.document === b.document &&
    a.keyChain.length === b.keyChain.length &&
    a.keyChain.every((link, index) => link === b.keyChain[index])
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // Bytes that are no JSON are no snapshot: the schema refuses `undefined`.
    return undefined;
  }
}
