import type { CommitmentKind, StatementType } from '#signing';

/** A leaf by its place. */
export interface LeafPlace {
  /** Origin of its log. */
  readonly log: string;
  readonly index: number;
}

/** A sequel that counts: it names the request's leaf and agrees with its parties. */
export interface CountedSequel extends LeafPlace {
  /** Leaf hash, hex. */
  readonly hash: string;
  readonly slot: 'c1' | 'p1' | 'b1';
  readonly type: Extract<StatementType, 'exchange.answered' | 'exchange.refused' | 'exchange.failed'>;
  readonly status: number | null;
  readonly why: string | null;
  readonly disputed: number | null;
}

export interface Outcome {
  /** What the client was told. */
  readonly outcome: 'answered' | 'refused' | 'failed' | 'pending';
  readonly status: number | undefined;
  readonly why: string | undefined;
  /** The data were handed over, whatever was stated beside it. */
  readonly isDisclosed: boolean;
  /** The answer flagged elements that are disputed. */
  readonly isDisputed: boolean;
  /** The leaves that tell: what the client was told, and the answer that disclosed. */
  readonly sequels: readonly CountedSequel[];
}

const KINDS = {
  'exchange.answered': 'answered',
  'exchange.refused': 'refused',
  'exchange.failed': 'failed',
} as const;

/**
 * Outcome and disclosure (`statements.md` §3): the gateway's word, else the provider's, else the bus's; and a 2xx
 * `answered` is a disclosure whatever the consumer says, because it cannot read an answer and then disown it.
 */
export function outcomeOf(sequels: readonly CountedSequel[]): Outcome {
  const of = (slot: CountedSequel['slot']) => sequels.find((sequel) => sequel.slot === slot);
  const told = of('c1') ?? of('p1') ?? of('b1');
  const disclosure = sequels.find(({ type, status }) => type === 'exchange.answered' && isSuccess(status));
  return {
    outcome: told === undefined ? 'pending' : KINDS[told.type],
    status: told?.status ?? undefined,
    why: told?.why ?? undefined,
    isDisclosed: disclosure !== undefined,
    isDisputed: (disclosure?.disputed ?? 0) > 0,
    sequels: [...new Set([told, disclosure])].filter((sequel) => sequel !== undefined),
  };
}

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Where an access stands in a history: newest first, and never two at one place. */
export interface AccessPlace {
  readonly atMs: number;
  readonly logId: number;
  readonly index: number;
  readonly kind: CommitmentKind;
  readonly position: number;
}
