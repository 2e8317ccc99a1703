import { parse } from 'uuid';
import type { Statement } from '#signing';
import { follows, isStep, partiesOf } from './case-chain.js';
import type { Party } from './law.js';
import { timeProblem, type Stamp } from './stamp.js';
import type { StampRefusal, StandingLeaf, Verdict } from './verdict.js';

/** A stamp with what the first, sequential pass found out about it under the law at its place in the log. */
export type PlannedStamp = { readonly stamp: Stamp; readonly replies: readonly string[] } & (
  | { readonly kind: 'standing'; readonly leaf: StandingLeaf }
  | { readonly kind: 'refused'; readonly reason: StampRefusal }
  /** `signature` is an index into the answers of the threads; a manifest's was checked before. */
  | {
      readonly kind: 'open';
      readonly statement: Statement;
      readonly party: Omit<Party, 'key'>;
      readonly signature?: number;
    }
);

export interface Facts {
  /** Leaves in the log before this batch. */
  readonly size: number;
  /** Answers to the signatures asked about. */
  readonly signatures: ArrayLike<number>;
  /** Leaves that hold slots asked about, by `slotKey`. */
  readonly taken: ReadonlyMap<string, StandingLeaf>;
  /** Counts one record of the signer whose key made it, and says whether it is within its rate. */
  readonly admits: (signer: string, kid: string, atMs: number) => boolean;
}

/**
 * Decides a batch in record order. Each leaf's index is the number of leaves accepted before it; how the records were
 * cut into batches makes no difference to what is accepted.
 */
export function decide(planned: readonly PlannedStamp[], facts: Facts): Verdict[] {
  const slots = new Map(facts.taken);
  const hashes = new Map<string, StandingLeaf>();
  let size = facts.size;
  return planned.map((plan): Verdict => {
    const { stamp, replies } = plan;
    if (plan.kind === 'standing') return { kind: 'duplicate', stamp, replies, leaf: plan.leaf };
    if (plan.kind === 'refused') return { kind: 'refused', stamp, replies, reason: plan.reason, slot: '', signer: '' };
    const repeated = hashes.get(stamp.hashKey);
    if (repeated !== undefined) return { kind: 'duplicate', stamp, replies, leaf: repeated };
    const { statement, party } = plan;
    const refused = (reason: StampRefusal): Verdict => ({ kind: 'refused', stamp, replies, reason, ...nameOf(party) });
    if (plan.signature !== undefined && facts.signatures[plan.signature] !== 1) return refused('signature');
    // Before anything that makes work: a second story costs a statement of our own. A signature that failed is not the
    // named signer's doing. Manifests are exempt: they are the law for what follows, and there is one a minute.
    if (plan.signature !== undefined && !facts.admits(party.signer, statement.kid, stamp.record.timestampMs))
      return refused('rate-limited');
    const late = timeProblem(statement, stamp.record.timestampMs);
    if (late !== undefined) return refused(late);
    const key = slotKey(statement.payload.id, party);
    const standing = slots.get(key);
    if (standing !== undefined) return { kind: 'taken', stamp, replies, leaf: standing };
    if (!isInPlace(statement, party, slots)) return refused('case-chain');
    const leaf = leafOf(plan, size);
    size += 1;
    slots.set(key, leaf);
    hashes.set(stamp.hashKey, leaf);
    return { kind: 'new', stamp, replies, leaf };
  });
}

/** What is unique in a log: exchange, slot and signer; of a case its number, whoever signs. */
export function slotKey(id: string, { slot, signer }: { readonly slot: string; readonly signer: string }): string {
  return slot.startsWith('s') ? `${id} ${slot}` : `${id} ${slot} ${signer}`;
}

function isInPlace(
  { payload }: Statement,
  { signer }: Omit<Party, 'key'>,
  slots: ReadonlyMap<string, StandingLeaf>,
): boolean {
  if (!isStep(payload)) return true;
  const before = slots.get(slotKey(payload.id, { slot: `s${payload.seq - 1}`, signer: '' }));
  return follows(payload, signer, before);
}

function leafOf({ stamp, statement, party }: PlannedStamp & { readonly kind: 'open' }, index: number): StandingLeaf {
  const { payload } = statement;
  const parties = isStep(payload) ? { parties: partiesOf(payload) } : {};
  return { xid: xidOf(statement), ...nameOf(party), leafHash: stamp.leafHash, index, ...parties };
}

/** The 16 bytes of a statement's id. */
export function xidOf(statement: Statement): Buffer {
  return Buffer.from(parse(statement.payload.id));
}

function nameOf({ slot, signer }: { readonly slot: string; readonly signer: string }) {
  return { slot, signer };
}
