import { slotKey, type PlannedStamp } from './decide.js';
import {
  isManifest,
  isReceiptTopic,
  manifestProblem,
  partyOf,
  registryInstance,
  type AnnouncedSnapshot,
  type Law,
  type ManifestStatement,
} from './law.js';
import type { SignatureJob } from './signature-job.js';
import { timeProblem, type Stamp } from './stamp.js';
import type { StampRefusal, Standing, StandingLeaf } from './verdict.js';

/** Where the plan asks about manifests; everything else in it is a function of the batch. */
export interface ManifestOracle {
  /** Whether the registry's key, as `trust.json` has it, made this signature. */
  readonly isRegistrys: (statement: ManifestStatement) => boolean;
  /** The law that a manifest brings after the one before, or why it brings none. */
  readonly follow: (statement: ManifestStatement, before: Law | undefined) => Promise<Followed>;
}
export type Followed =
  | { readonly ok: true; readonly value: { readonly law: Law; readonly snapshot: AnnouncedSnapshot } }
  | { readonly ok: false; readonly reason: StampRefusal };

export interface Plan {
  readonly stamps: readonly PlannedStamp[];
  readonly jobs: readonly SignatureJob[];
  /** In force after the batch. */
  readonly law: Law | undefined;
  /** Snapshot of each manifest that is accepted if its slot is free, by leaf hash. */
  readonly snapshots: ReadonlyMap<string, AnnouncedSnapshot>;
}

const MAX_REPLIES = 2;

/**
 * The sequential pass over a batch: which law holds at each record, hence whose key each statement must be by. Manifests
 * change the law for the records behind them in the same batch, so their signatures are checked here and now.
 */
export async function planBatch(
  batch: readonly Stamp[],
  standing: Standing,
  lawBefore: Law | undefined,
  oracle: ManifestOracle,
): Promise<Plan> {
  const jobs: SignatureJob[] = [];
  const snapshots = new Map<string, AnnouncedSnapshot>();
  const stamps: PlannedStamp[] = [];
  const manifestIds = new Set<string>();
  let law = lawBefore;
  for (const stamp of batch) {
    const leaf = standing.byHash.get(stamp.hashKey);
    const manifest = leaf === undefined ? manifestOf(stamp) : undefined;
    if (manifest !== undefined && !manifestIds.has(manifest.payload.id) && isFree(manifest, law, standing)) {
      const followed = await followManifest(stamp, manifest, law, oracle);
      if (!followed.ok) {
        stamps.push({ kind: 'refused', stamp, replies: repliesOf(stamp, law).replies, reason: followed.reason });
        continue;
      }
      manifestIds.add(manifest.payload.id);
      law = followed.value.law;
      snapshots.set(stamp.hashKey, followed.value.snapshot);
    }
    stamps.push(planStamp(stamp, leaf, law, jobs));
  }
  return { stamps, jobs, law, snapshots };
}

function planStamp(
  stamp: Stamp,
  leaf: StandingLeaf | undefined,
  law: Law | undefined,
  jobs: SignatureJob[],
): PlannedStamp {
  const { replies, isForeign } = repliesOf(stamp, law);
  if (isForeign) return { kind: 'refused', stamp, replies, reason: 'reply-topic' };
  if (leaf !== undefined) return { kind: 'standing', stamp, replies, leaf };
  if (!stamp.parsed.ok) return { kind: 'refused', stamp, replies, reason: stamp.parsed.reason };
  if (law === undefined) return { kind: 'refused', stamp, replies, reason: 'no-manifest' };
  const statement = stamp.parsed.value;
  if (manifestOf(stamp) !== undefined)
    return { kind: 'open', stamp, replies, statement, party: { slot: '-', signer: registryInstance(law) } };
  const party = partyOf(statement, law);
  if (!party.ok) return { kind: 'refused', stamp, replies, reason: party.reason };
  const { slot, signer, key } = party.value;
  return {
    kind: 'open',
    stamp,
    replies,
    statement,
    party: { slot, signer },
    signature: jobs.push({ jws: statement.jws, key }) - 1,
  };
}

async function followManifest(
  stamp: Stamp,
  statement: ManifestStatement,
  law: Law | undefined,
  oracle: ManifestOracle,
): Promise<Followed> {
  if (!oracle.isRegistrys(statement)) return { ok: false, reason: 'registry-key' };
  const problem = timeProblem(statement, stamp.record.timestampMs) ?? manifestProblem(statement, law);
  if (problem !== undefined) return { ok: false, reason: problem };
  return oracle.follow(statement, law);
}

/** Whether no other leaf stands under the manifest's id: one that cannot become a leaf must not become the law. */
function isFree({ payload }: ManifestStatement, law: Law | undefined, { bySlot }: Standing): boolean {
  return law === undefined || !bySlot.has(slotKey(payload.id, { slot: '-', signer: registryInstance(law) }));
}

function manifestOf({ parsed }: Stamp): ManifestStatement | undefined {
  return parsed.ok && isManifest(parsed.value) ? parsed.value : undefined;
}

/** Only topics that the law names are written to; otherwise a member could make us write where it likes. */
function repliesOf(stamp: Stamp, law: Law | undefined): { replies: readonly string[]; isForeign: boolean } {
  const wanted = stamp.record.replies;
  const replies = law === undefined ? [] : wanted.filter((topic) => isReceiptTopic(law, topic)).slice(0, MAX_REPLIES);
  return { replies, isForeign: replies.length !== wanted.length };
}
