import { Coalescer, toHex, type ExchangeId, type ServiceId, type SubsystemId } from '#kernel';
import type { Database } from '#postgres';
import { exchangeErrors } from './exchange.errors.js';
import { keyHolder, parseRow, rowColumns, rowNames, type ErasedHolder, type KeyHolder } from './exchange-rows.js';
import type { NewRow, RowOutcome, StoredRow } from './row.js';

/** A row that waits for its idempotency key. */
export interface KeyedRow {
  readonly row: NewRow;
  readonly keyHash: Buffer;
}

export type Claim =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'held'; readonly holder: KeyHolder }
  /** It has ended, and nothing else is known of it. */
  | ErasedHolder;

interface Ending {
  readonly id: ExchangeId;
  readonly outcome: RowOutcome;
}

export interface UnreceiptedOutcome {
  readonly id: ExchangeId;
  readonly jws: string;
  readonly endedMs: number;
}

/** Where a walk through unreceipted outcomes goes on: behind this one. */
export type UnreceiptedPlace = Pick<UnreceiptedOutcome, 'endedMs' | 'id'>;

export interface HeldKey {
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  readonly keyHash: Buffer;
  readonly nowMs: number;
}

/** Ids are small, and a mark that is lost costs a duplicate: room for all that a returning log receipts at once. */
const MAX_QUEUED_MARKS = 20_000;
/** Before every other. */
const NO_ID = '00000000-0000-0000-0000-000000000000';
const KEY_LIFE_MS = 24 * 60 * 60_000;

/**
 * Rows of exchanges. Every write is one statement for all that arrived meanwhile (natural batching), and every write may
 * be repeated: an insert of a known id and an end of an ended exchange change nothing.
 */
export class ExchangeStore {
  private readonly inserts: Coalescer<NewRow, true>;
  private readonly claims: Coalescer<KeyedRow, Claim | undefined>;
  private readonly endings: Coalescer<Ending, boolean>;
  private readonly marks: Coalescer<ExchangeId, true>;
  /** Endings under way, by exchange; as bounded as their queue. */
  private readonly ending = new Map<ExchangeId, Promise<boolean>>();

  constructor(
    private readonly database: Database,
    maxQueued: number,
  ) {
    const overflow = () => exchangeErrors.error('database-unavailable');
    const bounds = { maxItems: 500, maxWeight: 8 * 1024 * 1024, maxQueued, overflow };
    this.inserts = new Coalescer((rows) => this.insertAll(rows), { ...bounds, weigh: weightOf });
    this.claims = new Coalescer((rows) => this.claimAll(rows), { ...bounds, weigh: ({ row }) => weightOf(row) });
    this.endings = new Coalescer((endings) => this.endAll(endings), bounds);
    this.marks = new Coalescer((ids) => this.markAll(ids), { maxItems: 1_000, maxQueued: MAX_QUEUED_MARKS, overflow });
  }

  /** Resolves when the row is durable. A rejection says nothing: the row may be there or not. */
  async insert(row: NewRow): Promise<void> {
    await this.inserts.add(row);
  }

  /**
   * Takes the key and writes the row in one transaction, or says who holds the key. After a rejection the same row may
   * claim again: it finds itself as the holder.
   */
  async claim(keyed: KeyedRow): Promise<Claim> {
    const claim = await this.claims.add(keyed);
    if (claim === undefined) throw exchangeErrors.error('database-unavailable');
    return claim;
  }

  /** Whether `claim` would find this key taken. */
  async isHeld({ consumer, service, keyHash, nowMs }: HeldKey): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM idempotency_key WHERE consumer = $1 AND service = $2 AND key_hash = $3 AND created_ms >= $4`,
      [consumer, service, keyHash, nowMs - KEY_LIFE_MS],
    );
    return rows.length > 0;
  }

  /** Compare-and-set on "no outcome yet": true for the one that ended the exchange. */
  end(id: ExchangeId, outcome: RowOutcome): Promise<boolean> {
    const ended = this.endings.add({ id, outcome });
    const forget = () => this.ending.delete(id);
    this.ending.set(id, ended);
    ended.then(forget, forget);
    return ended;
  }

  /** Resolves when an ending of this exchange that was under way here has ended, well or badly. */
  async settled(id: ExchangeId): Promise<void> {
    await Promise.allSettled([this.ending.get(id)]);
  }

  /** What waits for the statement under way. */
  get queued(): { readonly insert: number; readonly claim: number; readonly end: number } {
    return { insert: this.inserts.queued, claim: this.claims.queued, end: this.endings.queued };
  }

  /** For the end of the process: every write added before has ended, well or badly. */
  async flushed(): Promise<void> {
    await Promise.all([this.inserts, this.claims, this.endings, this.marks].map((queue) => queue.idle()));
  }

  /** A consumer's own exchange; another's is not there. */
  async find(id: ExchangeId, consumer: SubsystemId): Promise<StoredRow | undefined> {
    const rows = await this.database.query('SELECT * FROM exchange WHERE id = $1 AND consumer = $2', [id, consumer]);
    return rows[0] === undefined ? undefined : parseRow(rows[0]);
  }

  /** Those of these exchanges that are there, whosever they are. */
  async rowsOf(ids: readonly ExchangeId[]): Promise<StoredRow[]> {
    const rows = await this.database.query('SELECT * FROM exchange WHERE id = ANY($1::uuid[])', [ids]);
    return rows.map(parseRow);
  }

  /** How an exchange has ended, whosever it is; undefined while it is open. */
  async outcomeOf(id: ExchangeId): Promise<RowOutcome | undefined> {
    const rows = await this.database.query('SELECT * FROM exchange WHERE id = $1', [id]);
    return rows[0] === undefined ? undefined : parseRow(rows[0]).outcome;
  }

  /** Our own outcomes that the log has not confirmed, oldest first; those behind a place if one is given. */
  async unreceipted(endedBeforeMs: number, limit: number, behind?: UnreceiptedPlace): Promise<UnreceiptedOutcome[]> {
    const rows = await this.database.query(
      `SELECT id, outcome_jws, ended_ms FROM exchange
        WHERE outcome_by = 'gateway' AND NOT receipted AND outcome_jws IS NOT NULL AND ended_ms < $1
          AND (ended_ms, id) > ($3::bigint, $4::uuid)
        ORDER BY ended_ms, id LIMIT $2`,
      [endedBeforeMs, limit, behind?.endedMs ?? -1, behind?.id ?? NO_ID],
    );
    return rows.map((row) => ({
      id: String(row['id']) as ExchangeId,
      jws: String(row['outcome_jws']),
      endedMs: Number(row['ended_ms']),
    }));
  }

  /** The log holds our outcome, or will never take it: it is not sent again. */
  async markReceipted(id: ExchangeId): Promise<void> {
    await this.marks.add(id);
  }

  /** Erases rows made before `createdBeforeMs`, at most `limit` of them; returns how many. */
  async sweep(createdBeforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.erase(
      `DELETE FROM exchange WHERE id IN (SELECT id FROM exchange WHERE created_ms < $1 LIMIT $2) RETURNING id`,
      [createdBeforeMs, limit],
    );
    return rows.length;
  }

  /** Erases idempotency keys that are free again; at most `limit` of them; returns how many. */
  async sweepKeys(nowMs: number, limit: number): Promise<number> {
    const keys = await this.database.erase(
      `DELETE FROM idempotency_key WHERE (consumer, service, key_hash) IN
         (SELECT consumer, service, key_hash FROM idempotency_key WHERE created_ms < $1 LIMIT $2)
       RETURNING exchange_id`,
      [nowMs - KEY_LIFE_MS, limit],
    );
    return keys.length;
  }

  async ping(): Promise<void> {
    await this.database.query('SELECT 1', []);
  }

  private async insertAll(rows: readonly NewRow[]): Promise<true[]> {
    await this.database.query(
      `INSERT INTO exchange (${rowNames}) SELECT ${rowNames} FROM ${rowColumns.from} ON CONFLICT (id) DO NOTHING`,
      rowColumns.values(rows),
    );
    return rows.map(() => true);
  }

  /** One transaction: a key is never taken without its row, and no row of a claim stands without its key. */
  private async claimAll(keyed: readonly KeyedRow[]): Promise<(Claim | undefined)[]> {
    // A claim that timed out may still wait here beside its retry: one INSERT may not touch a key twice.
    const first = new Map(keyed.toReversed().map((item) => [nameOf(item), item]));
    const rows = [...first.values()].map(({ row }) => row);
    const hashes = [...first.values()].map(({ keyHash }) => keyHash);
    const taken = await this.database.query(
      `WITH given AS (SELECT * FROM ${rowColumns.fromWith('$11::bytea[]', 'key_hash')}),
            taken AS (
              INSERT INTO idempotency_key AS k (consumer, service, key_hash, exchange_id, created_ms)
              SELECT consumer, service, key_hash, id, created_ms FROM given
              ON CONFLICT (consumer, service, key_hash) DO UPDATE
                SET exchange_id = EXCLUDED.exchange_id, created_ms = EXCLUDED.created_ms
                WHERE k.created_ms < EXCLUDED.created_ms - ${KEY_LIFE_MS}
              RETURNING exchange_id),
            written AS (
              INSERT INTO exchange (${rowNames})
              SELECT ${rowNames} FROM given WHERE id IN (SELECT exchange_id FROM taken))
       SELECT exchange_id AS id FROM taken`,
      [...rowColumns.values(rows), hashes],
    );
    const claimed = new Set(taken.map((row) => row['id']));
    return Promise.all(
      keyed.map(async (item): Promise<Claim | undefined> => {
        if (claimed.has(item.row.id)) return { kind: 'claimed' };
        return this.holder(item);
      }),
    );
  }

  /** Undefined if the key was swept since it was found taken: whoever asks once more may have it. */
  private async holder({ row, keyHash }: KeyedRow): Promise<Claim | undefined> {
    const found = await this.database.query(
      `SELECT k.exchange_id, e.fingerprint, e.deadline_ms FROM idempotency_key k LEFT JOIN exchange e ON e.id = k.exchange_id
        WHERE k.consumer = $1 AND k.service = $2 AND k.key_hash = $3`,
      [row.consumer, row.service, keyHash],
    );
    const holder = keyHolder(found[0]);
    if (holder === undefined || 'kind' in holder) return holder;
    return holder.exchangeId === row.id ? { kind: 'claimed' } : { kind: 'held', holder };
  }

  private async markAll(ids: readonly ExchangeId[]): Promise<true[]> {
    await this.database.query('UPDATE exchange SET receipted = true WHERE id = ANY($1::uuid[])', [ids]);
    return ids.map(() => true);
  }

  private async endAll(endings: readonly Ending[]): Promise<boolean[]> {
    const outcomes = endings.map(({ outcome }) => outcome);
    const ended = await this.database.query(
      `UPDATE exchange e SET outcome = u.outcome, outcome_code = u.code, outcome_side = u.side, outcome_jws = u.jws,
              outcome_by = u.by, answer_head = u.answer_head, ended_ms = u.ended_ms
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
              AS u (id, outcome, code, side, jws, by, answer_head, ended_ms)
        WHERE e.id = u.id AND e.outcome IS NULL
        RETURNING e.id`,
      [
        endings.map(({ id }) => id),
        outcomes.map(({ kind }) => kind),
        outcomes.map(({ code }) => code ?? null),
        outcomes.map(({ side }) => side ?? null),
        outcomes.map(({ jws }) => jws ?? null),
        outcomes.map(({ by }) => by),
        outcomes.map(({ answerHead }) => (answerHead === undefined ? null : JSON.stringify(answerHead))),
        outcomes.map(({ endedMs }) => endedMs),
      ],
    );
    const won = new Set(ended.map((row) => row['id']));
    return endings.map(({ id }) => won.has(id));
  }
}

function nameOf({ row, keyHash }: KeyedRow): string {
  return `${row.consumer} ${row.service} ${toHex(keyHash)}`;
}

function weightOf(row: NewRow): number {
  return row.requested.length + row.requestHead.target.length + 1024;
}
