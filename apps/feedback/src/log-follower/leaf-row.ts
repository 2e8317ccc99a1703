import { hash } from 'node:crypto';
import {
  parseStatement,
  type AnsweredPayload,
  type CommitmentKind,
  type FailedPayload,
  type RefusedPayload,
  type RequestedPayload,
  type StatementPayload,
} from '#signing';

/** A leaf of a followed log. */
export interface FollowedLeaf {
  readonly index: number;
  readonly hash: Buffer;
  readonly body: Buffer;
}

export interface ExchangeRow {
  readonly index: number;
  readonly leafHash: Buffer;
  readonly payload: RequestedPayload;
  readonly parties: Buffer;
}

export type SequelPayload = AnsweredPayload | RefusedPayload | FailedPayload;
/** Where a sequel stands: the gateway's, the provider's, the bus's (`statements.md` §2). */
export type SequelSlot = 'c1' | 'p1' | 'b1';

export interface SequelRow {
  readonly index: number;
  readonly leafHash: Buffer;
  readonly prev: Buffer;
  readonly slot: SequelSlot;
  readonly payload: SequelPayload;
  readonly parties: Buffer;
}

/** A commitment of a leaf, which somebody has to open. */
export interface CommitmentRow {
  readonly index: number;
  readonly kind: CommitmentKind;
  /** Within the commitments of its kind. */
  readonly position: number;
  readonly value: string;
  readonly statement: Buffer;
  /** Leaf hash of the request: the statement itself, or the one that it answers. */
  readonly exchange: Buffer;
  readonly exchangeId: string;
  readonly consumer: string;
  readonly tsMs: number;
}

/** A statement of feedback itself or of a member that gave it to feedback. */
export interface StatedRow {
  readonly index: number;
  readonly leafHash: Buffer;
  readonly payload: StatedPayload;
}
export type StatedPayload = Extract<StatementPayload, { t: (typeof STATED)[number] | `correction.${string}` }>;
const STATED = [
  'question.asked',
  'question.answered',
  'erasure',
  'access.concealment',
  'subject.compromised',
  'link.granted',
  'link.revoked',
] as const satisfies readonly StatementPayload['t'][];

export interface LeafRows {
  readonly exchanges: readonly ExchangeRow[];
  readonly sequels: readonly SequelRow[];
  readonly commitments: readonly CommitmentRow[];
  readonly stated: readonly StatedRow[];
}

/** Whose key is `kid`; undefined: nobody's that is known here (any more). */
export type KeyOwner = (subsystem: string, kid: string) => boolean;

/**
 * What feedback keeps of leaves: what the log says, nothing that is not in it. Intake has judged signers and slots; which
 * sequels count is judged when they are read (`partiesOf`), so that their order in the log does not matter.
 */
export function rowsOf(leaves: readonly FollowedLeaf[], isKeyOf: KeyOwner): LeafRows {
  const rows = {
    exchanges: [] as ExchangeRow[],
    sequels: [] as SequelRow[],
    commitments: [] as CommitmentRow[],
    stated: [] as StatedRow[],
  };
  for (const leaf of leaves) {
    const parsed = parseStatement(leaf.body.toString('latin1'));
    if (!parsed.ok) continue;
    const { payload, kid } = parsed.value;
    if (payload.t === 'exchange.requested') {
      rows.exchanges.push({ index: leaf.index, leafHash: leaf.hash, payload, parties: partiesOf(payload) });
      rows.commitments.push(...commitmentsOf(leaf, payload, leaf.hash));
    } else if (isSequel(payload) && payload.prev !== undefined) {
      const prev = Buffer.from(payload.prev, 'base64url');
      const slot = slotOf(payload, kid, isKeyOf);
      rows.sequels.push({ index: leaf.index, leafHash: leaf.hash, prev, slot, payload, parties: partiesOf(payload) });
      if (payload.t === 'exchange.answered') rows.commitments.push(...commitmentsOf(leaf, payload, prev));
    } else if (isStated(payload)) rows.stated.push({ index: leaf.index, leafHash: leaf.hash, payload });
  }
  return rows;
}

/** A sequel counts only if this agrees with its request's, beside `prev` (`statements.md` §2). */
export function partiesOf({ id, from, to, svc }: RequestedPayload | SequelPayload): Buffer {
  return hash('sha256', `${id}\0${from}\0${to}\0${svc}`, 'buffer').subarray(0, 16);
}

function isSequel(payload: StatementPayload): payload is SequelPayload {
  return payload.t === 'exchange.answered' || payload.t === 'exchange.refused' || payload.t === 'exchange.failed';
}

function isStated(payload: StatementPayload): payload is StatedPayload {
  return payload.t.startsWith('correction.') || STATED.some((type) => type === payload.t);
}

/**
 * Only `failed` may be anybody's. Audit's says so itself; a key that neither side publishes any more was the provider's
 * or the consumer's, and counts as the provider's: it then never hides an answer.
 */
function slotOf(payload: SequelPayload, kid: string, isKeyOf: KeyOwner): SequelSlot {
  if (payload.t !== 'exchange.failed') return 'p1';
  if (isKeyOf(payload.from, kid)) return 'c1';
  if (isKeyOf(payload.to, kid)) return 'p1';
  return payload.why === 'no-outcome' && payload.side === 'unknown' ? 'b1' : 'p1';
}

function commitmentsOf(
  { index, hash: statement }: FollowedLeaf,
  payload: RequestedPayload | AnsweredPayload,
  exchange: Buffer,
): CommitmentRow[] {
  const { id: exchangeId, from: consumer, ts: tsMs } = payload;
  const rows = (kind: CommitmentKind, values: readonly string[] = []) =>
    values.map((value, position) => ({
      ...{ index, kind, position, value, statement, exchange, exchangeId, consumer, tsMs },
    }));
  return [...rows('subject', payload.subj), ...rows('user', payload.user)];
}
