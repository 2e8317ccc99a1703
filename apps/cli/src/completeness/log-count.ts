import type { LoggedStatement, LogObserver } from '../verify-log/index.js';

/** A statement that openings became noise; `doc` names the log of which it speaks by the digest of its origin. */
export interface CountedErasure {
  readonly index: number;
  readonly n: number;
  readonly doc: string;
  readonly ref: string;
}

export interface LeafCommitment {
  readonly index: number;
  readonly kind: 'subject' | 'user';
  readonly position: number;
  readonly value: string;
}

const COMMITTING = new Set(['exchange.requested', 'exchange.answered']);

/**
 * Counts commitments in the leaves themselves, as they are verified, below `size`, and remembers those of the sampled
 * leaves. It believes nobody: not audit's index, and not feedback.
 */
export class LogCounter implements LogObserver {
  commitments = 0;
  /** Of statements that were leaves of a log that was counted before. */
  repeated = 0;
  readonly erasures: CountedErasure[] = [];
  readonly sampled: LeafCommitment[] = [];

  constructor(
    private readonly size: number,
    private readonly sample: ReadonlySet<number>,
    /** First 52 bits of the leaf hashes of all logs so far; absent where there is one log only. */
    private readonly seen?: Set<number>,
  ) {}

  statement(index: number, { fields, leaf }: LoggedStatement): void {
    if (index >= this.size) return;
    const { t, n, doc, ref } = fields;
    if (t === 'erasure') this.erasures.push({ index, n, doc, ref });
    if (!COMMITTING.has(t)) return;
    const { subj = [], user = [] } = fields;
    this.commitments += subj.length + user.length;
    if (this.isRepeated(leaf)) this.repeated += subj.length + user.length;
    if (!this.sample.has(index)) return;
    this.sampled.push(
      ...subj.map((value, position) => ({ index, kind: 'subject' as const, position, value })),
      ...user.map((value, position) => ({ index, kind: 'user' as const, position, value })),
    );
  }

  private isRepeated(leaf: string): boolean {
    if (this.seen === undefined) return false;
    const name = Number(Buffer.from(leaf, 'base64url').readBigUInt64BE() >> 12n);
    const isKnown = this.seen.has(name);
    this.seen.add(name);
    return isKnown;
  }

  law(): void {
    // Which snapshot was in force is the verifier's business.
  }
}

/**
 * Commitments that the log says were erased, by the digest of the origin of their log. A statement whose keys were all
 * named before tells nothing new: feedback was restored and has told it again.
 */
export function erasedByLog(erasures: readonly CountedErasure[]): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  const named = new Set<string>();
  for (const { n, doc, ref } of erasures) {
    const names = ref.startsWith('retention ') ? [`${doc} ${ref}`] : ref.split(' ').map((id) => `${doc} ${id}`);
    const isNews = names.some((name) => !named.has(name));
    for (const name of names) named.add(name);
    if (isNews) totals.set(doc, (totals.get(doc) ?? 0) + n);
  }
  return totals;
}
