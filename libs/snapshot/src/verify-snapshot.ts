import { ok, refuse, sha256, toHex, type MemberId, type Result } from '#kernel';
import { verifyMemberEntry, type MemberEntryReason } from './member-entry.js';
import { RegistryView, type VerifiedMember } from './registry-view.js';
import { snapshotSchema } from './snapshot.js';

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

/**
 * Parses a snapshot's uncompressed bytes and checks every member's entry. Says nothing about whether the registry
 * published it: that is the manifest's part (`Adoption`).
 */
export function verifySnapshot(bytes: Uint8Array, known: KnownMembers): Result<VerifiedSnapshot, 'snapshot-invalid'> {
  const parsed = snapshotSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return refuse('snapshot-invalid');
  const distrusted: DistrustedMember[] = [];
  const members: VerifiedMember[] = [];
  for (const entry of parsed.data.members) {
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
  return ok({ view: new RegistryView(parsed.data, toHex(sha256(bytes)), members), distrusted });
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
