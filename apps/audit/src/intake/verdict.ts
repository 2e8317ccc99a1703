import type { StatementReason } from '#signing';
import type { ManifestRefusal } from './law.js';
import type { Stamp } from './stamp.js';

/** Why a stamp becomes no leaf; sent back as `Leaf.refused` and written beside the dead letter. */
export type StampRefusal =
  | StatementReason
  | ManifestRefusal
  | 'reply-topic'
  | 'registry-key'
  | 'no-manifest'
  | 'signer-unknown'
  | 'signature'
  | 'time-future'
  | 'time-past'
  | 'case-chain'
  | 'rate-limited';

/** A leaf that stands: committed before this batch, or earlier in it (then `index` is what the batch will give it). */
export interface StandingLeaf {
  readonly xid: Buffer;
  readonly slot: string;
  readonly signer: string;
  readonly leafHash: Buffer;
  readonly index: number;
  /** Of a case's transition: the parties that it names. */
  readonly parties?: string;
  /** Of the window before, if it stands there; absent for the window that is written. */
  readonly logId?: number;
}

/** Leaves that stand, of the exchanges that a batch speaks of. */
export interface Standing {
  /** By leaf hash, as `latin1`. */
  readonly byHash: ReadonlyMap<string, StandingLeaf>;
  /** By `slotKey`. */
  readonly bySlot: ReadonlyMap<string, StandingLeaf>;
}

/** What intake decided about one record. `replies` are those of its topics that the law names. */
export type Verdict = { readonly stamp: Stamp; readonly replies: readonly string[] } & (
  | { readonly kind: 'new'; readonly leaf: StandingLeaf }
  /** The same bytes again. */
  | { readonly kind: 'duplicate'; readonly leaf: StandingLeaf }
  /** Other bytes for a taken slot: the receipt names the leaf that stands. */
  | { readonly kind: 'taken'; readonly leaf: StandingLeaf }
  | { readonly kind: 'refused'; readonly reason: StampRefusal; readonly slot: string; readonly signer: string }
);
