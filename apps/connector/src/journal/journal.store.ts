import { Coalescer, type ExchangeId } from '#kernel';
import type { Database } from '#postgres';
import { dispatchErrors } from '../dispatch/dispatch.errors.js';
import {
  parseJournalRow,
  parseUnreceipted,
  type JournalRow,
  type NewCall,
  type Orphan,
  type StoredOutcome,
  type Unreceipted,
  type UnreceiptedPlace,
} from './journal-row.js';

interface Ending extends StoredOutcome {
  readonly exchangeId: ExchangeId;
  readonly owner: string;
}

/** Before all others. */
const FIRST_PLACE: UnreceiptedPlace = { createdAt: '-infinity', exchangeId: '00000000-0000-0000-0000-000000000000' };

const COLUMNS = `leaf_hash, owner, state, statement, answer, opening,
  ceil(extract(epoch FROM call_deadline - clock_timestamp()) * 1000) AS left_ms`;

/**
 * The journal of unsafe calls. A rejection of any method says nothing about its effect: the row may have changed or not,
 * so the caller must neither call nor send on the strength of a write that failed.
 */
export class JournalStore {
  private readonly begins: Coalescer<NewCall, boolean>;
  private readonly endings: Coalescer<Ending, boolean>;
  private readonly receipts: Coalescer<ExchangeId, undefined>;

  constructor(
    private readonly database: Pick<Database, 'query' | 'erase'>,
    maxQueued: number,
  ) {
    const overflow = () => dispatchErrors.error('connector-journal-busy');
    const bounds = { maxItems: 200, maxWeight: 8 * 1024 * 1024, maxQueued, overflow };
    this.begins = new Coalescer((calls) => this.beginAll(calls), { ...bounds, weigh: (call) => call.request.length });
    this.endings = new Coalescer((endings) => this.endAll(endings), {
      ...bounds,
      weigh: (ending) => ending.answer.length,
    });
    this.receipts = new Coalescer((ids) => this.markAll(ids), bounds);
  }

  async find(exchangeId: ExchangeId): Promise<JournalRow | undefined> {
    const rows = await this.database.query(`SELECT ${COLUMNS} FROM journal WHERE exchange_id = $1`, [exchangeId]);
    return rows[0] === undefined ? undefined : parseJournalRow(rows[0]);
  }

  /** True for the one who may call: the row was not there and is durable now. */
  begin(call: NewCall): Promise<boolean> {
    return this.begins.add(call);
  }

  /** Compare-and-set from the owner's own `calling` to `done`; true if these bytes are the outcome that stands. */
  end(ending: Ending): Promise<boolean> {
    return this.endings.add(ending);
  }

  /** Compare-and-set to `unknown` of a call whose deadline has passed by the database's clock. */
  async orphan(exchangeId: ExchangeId, outcome: StoredOutcome): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE journal SET state = 'unknown', statement = $2, answer = $3
        WHERE exchange_id = $1 AND state = 'calling' AND call_deadline <= clock_timestamp()
        RETURNING exchange_id`,
      [exchangeId, outcome.statement, outcome.answer],
    );
    return rows.length > 0;
  }

  /** Calls that nobody ended, `graceMs` after their deadline: whoever made them is gone for good; past the first `skip`. */
  async orphans(graceMs: number, limit: number, skip = 0): Promise<Orphan[]> {
    const rows = await this.database.query(
      `SELECT request FROM journal
        WHERE state = 'calling' AND call_deadline <= clock_timestamp() - $1 * interval '1 millisecond'
        ORDER BY call_deadline, exchange_id LIMIT $2 OFFSET $3`,
      [graceMs, limit, skip],
    );
    return rows.flatMap(({ request }) => (Buffer.isBuffer(request) ? [{ request }] : []));
  }

  /** The log has the outcome, or will never take it. A mark that is lost costs a duplicate stamp. */
  async markReceipted(exchangeId: ExchangeId): Promise<void> {
    await this.receipts.add(exchangeId);
  }

  /**
   * Ended rows without a receipt, `afterMs` past their call's deadline, behind `last` in their order. Intake takes no
   * sequel older than a day, so older ones stay as they are.
   */
  async unreceipted(afterMs: number, limit: number, last = FIRST_PLACE): Promise<Unreceipted[]> {
    const rows = await this.database.query(
      `SELECT exchange_id, created_at::text AS created_at, request, statement, opening FROM journal
        WHERE state <> 'calling' AND NOT receipted AND (created_at, exchange_id) > ($3::timestamptz, $4::uuid)
          AND created_at > clock_timestamp() - interval '24 hours'
          AND call_deadline <= clock_timestamp() - $1 * interval '1 millisecond'
        ORDER BY journal.created_at, exchange_id LIMIT $2`,
      [afterMs, limit, last.createdAt, last.exchangeId],
    );
    return rows.flatMap((row) => parseUnreceipted(row) ?? []);
  }

  /** Erases ended rows older than `ageMs`; returns how many. They must outlive the request topic. */
  async sweep(ageMs: number, limit: number): Promise<number> {
    const rows = await this.database.erase(
      `DELETE FROM journal WHERE exchange_id IN (
         SELECT exchange_id FROM journal
          WHERE state <> 'calling' AND created_at < clock_timestamp() - $1 * interval '1 millisecond' LIMIT $2)
       RETURNING exchange_id`,
      [ageMs, limit],
    );
    return rows.length;
  }

  private async beginAll(calls: readonly NewCall[]): Promise<boolean[]> {
    const rows = await this.database.query(
      `INSERT INTO journal (exchange_id, leaf_hash, owner, state, request, call_deadline)
       SELECT id, leaf, owner, 'calling', request, clock_timestamp() + call_ms * interval '1 millisecond'
         FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[], $5::float8[])
              AS u (id, leaf, owner, request, call_ms)
       ON CONFLICT (exchange_id) DO NOTHING
       RETURNING exchange_id, leaf_hash`,
      [
        calls.map(({ exchangeId }) => exchangeId),
        calls.map(({ leafHash }) => leafHash),
        calls.map(({ owner }) => owner),
        calls.map(({ request }) => Buffer.from(request)),
        calls.map(({ callMs }) => callMs),
      ],
    );
    // Two of one id in one batch: only the first may take the row for its own.
    const begun = new Set(rows.map((row) => row['exchange_id']));
    return calls.map(({ exchangeId }) => begun.delete(exchangeId));
  }

  private async endAll(endings: readonly Ending[]): Promise<boolean[]> {
    const rows = await this.database.query(
      `UPDATE journal j SET state = 'done', statement = u.statement, answer = u.answer, opening = u.opening
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
              AS u (id, owner, statement, answer, opening)
        WHERE j.exchange_id = u.id AND j.owner = u.owner
          AND (j.state = 'calling' OR (j.state = 'done' AND j.statement = u.statement))
        RETURNING j.exchange_id`,
      [
        endings.map(({ exchangeId }) => exchangeId),
        endings.map(({ owner }) => owner),
        endings.map(({ statement }) => statement),
        endings.map(({ answer }) => answer),
        endings.map(({ opening }) => opening ?? null),
      ],
    );
    const won = new Set(rows.map((row) => row['exchange_id']));
    return endings.map(({ exchangeId }) => won.has(exchangeId));
  }

  private async markAll(ids: readonly ExchangeId[]): Promise<undefined[]> {
    await this.database.query(
      `UPDATE journal SET receipted = true WHERE exchange_id = ANY($1::uuid[]) AND state <> 'calling' AND NOT receipted`,
      [ids],
    );
    return ids.map(() => undefined);
  }
}
