import { ok, refuse, type InstanceId, type MemberId, type Result, type SubsystemId } from '#kernel';
import {
  algorithmOf,
  slotFor,
  type ManifestPayload,
  type PublicJwk,
  type SignerRole,
  type Slot,
  type Statement,
} from '#signing';
import { publicDigest, verifySnapshot, type KnownMembers, type RegistryView, type VerifiedMember } from '#snapshot';

/** A snapshot that a manifest announced, as it lies in the database. */
export interface AnnouncedSnapshot {
  readonly digest: Buffer;
  readonly digests: string;
  /** Uncompressed. */
  readonly bytes: Buffer;
}

/**
 * What the last `registry.manifest` leaf put in force (`statements.md` §2, validity). It is a function of the log
 * alone, so a replay after a crash decides as before. Immutable: intake moves to the next one only after the commit.
 */
export interface Law {
  readonly view: RegistryView;
  /** Every member's newest entry that was ever believed; who forges a chain of keys is refused by it. */
  readonly known: KnownMembers;
  readonly number: number;
  readonly doc: string;
  readonly manifestHash: Buffer;
  /**
   * The manifest's own time. A key's `from` and `until` are held against it, not against the record's time, which no
   * later verifier has: manifests are renewed each minute, so it is at most that far behind.
   */
  readonly atMs: number;
  /** Topics found to be named by the view; filled by `isReceiptTopic`, bounded by what the view names. */
  readonly topics: Set<string>;
}

export interface Party {
  readonly slot: Slot;
  /** Subsystem or instance whose key it is. */
  readonly signer: string;
  readonly key: PublicJwk;
}

/** Whose key made the statement, and which slot it takes then; the signature itself is still to be checked. */
export function partyOf(statement: Statement, law: Law): Result<Party, 'signer-unknown'> {
  for (const [role, owners] of possibleOwners(statement, law)) {
    const slot = slotFor(statement.payload, role);
    if (slot === undefined) continue;
    for (const owner of owners) {
      const key = law.view.keyOf(owner, statement.kid);
      if (key === undefined || key.use !== 'sign' || algorithmOf(key.jwk) !== statement.alg) continue;
      if (key.fromMs <= law.atMs && law.atMs < key.untilMs) return ok({ slot, signer: owner, key: key.jwk });
    }
  }
  return refuse('signer-unknown');
}

type Owner = SubsystemId | InstanceId;

function possibleOwners({ payload }: Statement, law: Law): [SignerRole, Owner[]][] {
  const instances = (kind: 'audit' | 'registry' | 'gateway' | 'feedback') =>
    law.view.instances.filter((instance) => instance.kind === kind).map((instance) => instance.id);
  // `parseStatement` has checked that both are subsystem identifiers.
  const party = (id: string | undefined) => (id === undefined ? [] : [id as SubsystemId]);
  return [
    ['from', party(payload.from)],
    ['to', party(payload.to)],
    ['audit', instances('audit')],
    // Its manifests are checked by the key of `trust.json` and do not come here.
    ['registry', instances('registry')],
    // A gateway speaks of itself only: its statement names it.
    ['gateway', instances('gateway').filter((id) => id === payload.ref)],
    ['feedback', instances('feedback')],
  ];
}

export type ManifestRefusal = 'snapshot-unknown' | 'snapshot-invalid' | 'manifest-number-back' | 'manifest-forked';

export type ManifestStatement = Statement<ManifestPayload>;

export function isManifest(statement: Statement): statement is ManifestStatement {
  return statement.payload.t === 'registry.manifest';
}

/**
 * Whether a manifest may follow the law in force: its number never goes back, one number has one content, and it names
 * the manifest before as its `prev` (the first names none), so that the chain of manifests never forks.
 */
export function manifestProblem(statement: ManifestStatement, law: Law | undefined): ManifestRefusal | undefined {
  const { n, doc, prev } = statement.payload;
  if (law !== undefined && n < law.number) return 'manifest-number-back';
  if (prev !== law?.manifestHash.toString('base64url')) return 'manifest-forked';
  return n === law?.number && doc !== law.doc ? 'manifest-forked' : undefined;
}

/** The law that a manifest brings. A renewal repeats number and content, and keeps the view. */
export function nextLaw(
  statement: ManifestStatement,
  snapshot: AnnouncedSnapshot,
  before: Law | undefined,
): Result<Law, ManifestRefusal> {
  const { n, ts, doc } = statement.payload;
  if (doc !== publicDigest(snapshot.digests)) return refuse('snapshot-unknown');
  const renewed = { manifestHash: statement.leafHash, atMs: ts };
  if (before?.doc === doc && before.number === n) return ok({ ...before, ...renewed });
  const verified = verifySnapshot(snapshot.bytes, before?.known ?? new Map<MemberId, VerifiedMember>());
  if (!verified.ok || verified.value.view.number !== n) return refuse('snapshot-invalid');
  const { view } = verified.value;
  const known = new Map(before?.known);
  for (const document of view.members()) {
    const entry = view.memberEntry(document.member);
    if (entry !== undefined) known.set(document.member, { entry, document });
  }
  return ok({ view, known, number: n, doc, topics: new Set(), ...renewed });
}

/** The instance in whose name manifests stand in the log. */
export function registryInstance(law: Law): string {
  return law.view.instances.find((instance) => instance.kind === 'registry')?.id ?? `${law.view.instance}/registry`;
}

/** Whether the law names this topic for receipts; asked for every stamp, so the answer is kept. */
export function isReceiptTopic(law: Law, topic: string): boolean {
  if (law.topics.has(topic)) return true;
  const isNamed = law.view.isReceiptTopic(topic);
  if (isNamed) law.topics.add(topic);
  return isNamed;
}
