import type { Result } from '#kernel';
import { MAX_STATEMENT_BYTES, parseStatement, type Statement, type StatementReason } from '#signing';
import { leafHash } from '#tlog';

/** One record of `audit.stamp`, as far as intake looks at it. */
export interface StampRecord {
  readonly offset: bigint;
  /** Milliseconds by the broker's clock (`LogAppendTime`): the only time that intake believes. */
  readonly timestampMs: number;
  /** The statement itself, nothing around it. */
  readonly value: Buffer;
  /** Values of the `reply` headers: where receipts are wanted. */
  readonly replies: readonly string[];
}

export interface Stamp {
  readonly record: StampRecord;
  readonly leafHash: Buffer;
  /** `leafHash` as the key of a map. */
  readonly hashKey: string;
  readonly parsed: Result<Statement, StatementReason>;
}

/** Reads a record: its leaf hash over whatever bytes it has, and the statement if it is one. */
export function readStamp(record: StampRecord): Stamp {
  const hash = leafHash(record.value);
  // A base64url alphabet is all that a statement has, so bytes beyond ASCII are refused by its parser.
  const text = record.value.length <= MAX_STATEMENT_BYTES ? record.value.toString('latin1') : undefined;
  return {
    record,
    leafHash: hash,
    hashKey: hash.toString('latin1'),
    parsed: text === undefined ? { ok: false, reason: 'jws-too-large' } : parseStatement(text),
  };
}

const FUTURE_MS = 5 * 60_000;
const REQUEST_PAST_MS = 5 * 60_000;
const SEQUEL_PAST_MS = 24 * 60 * 60_000;

/** A statement's own time against the record's (`statements.md` §2): a request is fresh, what follows may be a day old. */
export function timeProblem(statement: Statement, recordMs: number): 'time-future' | 'time-past' | undefined {
  const { ts, t } = statement.payload;
  if (ts > recordMs + FUTURE_MS) return 'time-future';
  return ts < recordMs - (t === 'exchange.requested' ? REQUEST_PAST_MS : SEQUEL_PAST_MS) ? 'time-past' : undefined;
}
