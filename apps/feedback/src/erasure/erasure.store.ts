import type { Database, Queries } from '#postgres';
import type { DoomedKey } from '../key-store/doomed-keys.store.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { LogBefore } from '../key-store/erasure-marks.store.js';
import type { EpochTag } from '../key-store/tag.js';
import type { StatedRow } from '../log-follower/leaf-row.js';
import { readErasureRef } from './erasure-ref.js';

/** A commitment that was shown and is not any more. */
export interface ClosedCommitment {
  readonly logId: number;
  readonly origin: string;
  readonly keyId: Buffer;
  /** The commitment itself, 32 bytes. */
  readonly value: Buffer;
}

/** A statement of an erasure that the followed log does not show yet. */
export interface OpenErasure {
  readonly leafHash: Buffer;
  readonly logId: number;
  readonly origin: string;
  readonly n: number;
  readonly ref: string;
}

/** When leaves were made, by what they say; in whole days. */
export interface LeafTime {
  readonly fromMs: number;
  readonly toMs: number;
}

interface ErasureRow {
  readonly leaf_hash: Buffer;
  readonly log_id: number;
  readonly origin: string;
  readonly n: string;
  readonly ref: string;
}

/** A place in the index, in its order; `undefined` is before all of it. */
interface WalkRow {
  readonly last: boolean;
  readonly epoch: number;
  readonly tag: Buffer;
  readonly ts_ms: string;
  readonly log_id: number;
  readonly idx: string;
  readonly kind: number;
  readonly position: number;
  readonly key_id: Buffer;
}

const DOOMED = 'unnest($1::integer[], $2::bytea[], $3::bytea[]) AS doomed (epoch, tag, key_id)';
const CLOSE = `
  UPDATE commitment SET state = 'erased'
    FROM ${DOOMED} JOIN subject_access AS access USING (epoch, tag, key_id) JOIN followed_log USING (log_id)
   WHERE commitment.log_id = access.log_id AND commitment.idx = access.idx AND commitment.kind = access.kind
     AND commitment.position = access.position AND commitment.state <> 'erased'
  RETURNING access.log_id, followed_log.origin, access.key_id, commitment.value`;
/** What a person asked and is not on its way yet goes with them; what was delivered is its recipient's. */
const TAKE_BACK = `
  UPDATE delivery SET state = 'discarded', value = '', why = 'erased', at_ms = coalesce(at_ms, made_ms)
   WHERE state IN ('waiting', 'parked')
     AND id IN (SELECT question.id FROM question JOIN ${DOOMED} USING (epoch, tag, key_id)
          UNION ALL SELECT content_id FROM correction_case JOIN ${DOOMED} USING (epoch, tag, key_id)
          UNION ALL SELECT notice.id FROM correction_notice AS notice JOIN ${DOOMED} USING (epoch, tag, key_id))`;
/**
 * Whatever lies under a key of a person; the index last, since it is what a crash finds the rest by. Notices and
 * notifications behind their case: who adds one holds the case's row, so that the case's end waits for it.
 */
const BESIDE_INDEX = [
  ...['question', 'compromise', 'person_link', 'notification_preference', 'correction_case', 'correction_notice'],
  ...['notification', 'notification_delivery'],
];
const DELETES = [...BESIDE_INDEX, 'subject_access'].map(
  (table) => `DELETE FROM ${table} USING ${DOOMED}
    WHERE ${table}.epoch = doomed.epoch AND ${table}.tag = doomed.tag AND ${table}.key_id = doomed.key_id`,
);
/** Of a log, for each day from $1 to $2 that has any: the first commitment that nobody has opened; all by their index. */
const UNOPENED_BY_DAY = `
  SELECT day, idx FROM generate_series($1::bigint, $2::bigint) AS day
   CROSS JOIN LATERAL (
         SELECT idx FROM commitment
          WHERE commitment.log_id = followed_log.log_id AND ts_ms / 86400000 = day AND state = 'pending'
          ORDER BY idx LIMIT 1) AS first`;
/** Quarters as `epochOf` numbers them; they begin with a day. */
const UNOPENED = `
  SELECT DISTINCT origin, next_idx,
         (extract(year FROM at) * 4 + extract(quarter FROM at) - 1)::integer AS epoch
    FROM followed_log CROSS JOIN LATERAL (${UNOPENED_BY_DAY}) AS unopened
   CROSS JOIN LATERAL (SELECT to_timestamp(day * 86400) AT TIME ZONE 'UTC' AS at) AS said`;
const OPENED_TO = `
  SELECT origin, least(next_idx, min(idx)) AS before
    FROM followed_log LEFT JOIN LATERAL (${UNOPENED_BY_DAY}) AS unopened ON true GROUP BY origin, next_idx`;

const PLACE = 'epoch, tag, ts_ms, log_id, idx, kind, position';
const WALK = `
  WITH page AS (
    SELECT ${PLACE}, key_id, row_number() OVER (ORDER BY ${PLACE}) AS at FROM (
      SELECT ${PLACE}, key_id FROM subject_access
       WHERE (${PLACE}) > ($1::integer, $2::bytea, $3::bigint, $4::smallint, $5::bigint, $6::smallint, $7::smallint)
       ORDER BY ${PLACE} LIMIT $8) AS read),
  ending AS (SELECT max(at) AS at FROM page)
  SELECT ${PLACE}, key_id, page.at = ending.at AS last FROM page CROSS JOIN ending
   WHERE page.at = ending.at OR key_id = ANY($9::bytea[]) ORDER BY page.at`;
const FIRST: WalkPlace = [-1, Buffer.alloc(0), -1, 0, 0, 0, 0];
type WalkPlace = readonly [number, Buffer, string | number, number, string | number, number, number];

const DAY_MS = 24 * 60 * 60_000;
const ROWS_PER_WALK = 10_000;
const VALUE = /^c1:(.{43})$/;

/** Rows, commitments and statements of erasures in feedback's own database. */
export class ErasureStore {
  constructor(private readonly database: Database) {}

  /**
   * Alone with the index: nobody writes rows under a person's keys before the end. So a key that was doomed before this
   * gets no more rows afterwards.
   */
  alone<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome> {
    return this.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock($1)', [ERASURE_LOCK]);
      return work(queries);
    });
  }

  /** Marks what has rows under these keys as erased; each commitment once, however often it is asked. */
  async closeCommitments(queries: Queries, keys: readonly DoomedKey[]): Promise<ClosedCommitment[]> {
    await queries.query(TAKE_BACK, columns(keys));
    const rows = await queries.query<{ log_id: number; origin: string; key_id: Buffer; value: string }>(
      CLOSE,
      columns(keys),
    );
    return rows.map((row) => ({
      logId: row.log_id,
      origin: row.origin,
      keyId: row.key_id,
      value: commitmentBytes(row.value),
    }));
  }

  /** By the eraser's role. After the commitments are marked: until then they are what the rows are found by. */
  async deleteRows(keys: readonly DoomedKey[]): Promise<void> {
    if (keys.length > 0) for (const sql of DELETES) await this.database.erase(sql, columns(keys));
  }

  /** As `deleteRows`, of keys of which only the ids are known, and no row of the index leads to them: after a restore. */
  async deleteNamed(ids: readonly Buffer[]): Promise<void> {
    if (ids.length === 0) return;
    for (const table of BESIDE_INDEX)
      await this.database.erase(`DELETE FROM ${table} WHERE key_id = ANY($1::bytea[])`, [ids]);
  }

  /** Ids of keys whose end is stated and not in the log yet, in hex. */
  async stating(queries: Queries): Promise<Set<string>> {
    const rows = await queries.query<{ ref: string }>('SELECT ref FROM erasure');
    const parts = rows.map(({ ref }) => readErasureRef(ref));
    return new Set(parts.flatMap((part) => (part && 'keys' in part ? part.keys.map((id) => id.toString('hex')) : [])));
  }

  /** The log that was followed last: what is stated of no leaf is stated of it. */
  async newestLog(queries: Queries): Promise<{ readonly logId: number; readonly origin: string } | undefined> {
    const [row] = await queries.query<{ log_id: number; origin: string }>(
      'SELECT log_id, origin FROM followed_log ORDER BY log_id DESC LIMIT 1',
    );
    return row === undefined ? undefined : { logId: row.log_id, origin: row.origin };
  }

  /** Of each log and quarter in which commitments of that time are unopened: how far that log was followed. */
  async unopened(queries: Queries, of: LeafTime): Promise<(LogBefore & { readonly epoch: number })[]> {
    const rows = await queries.query<{ origin: string; next_idx: string; epoch: number }>(UNOPENED, days(of));
    return rows.map(({ origin, next_idx: before, epoch }) => ({ origin, before: Number(before), epoch }));
  }

  /** Of each log: before what index no commitment of that time is unopened. */
  async openedTo(of: LeafTime): Promise<LogBefore[]> {
    const rows = await this.database.query<{ origin: string; before: string }>(OPENED_TO, days(of));
    return rows.map(({ origin, before }) => ({ origin, before: Number(before) }));
  }

  /** For what touches no row of the index. */
  transaction<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome> {
    return this.database.transaction(work);
  }

  /** Of these persons: what was concealed and is shown by now lies under keys of its own. */
  async concealedBefore(tags: readonly EpochTag[], nowMs: number): Promise<EpochTag[]> {
    const rows = await this.database.query<{ epoch: number; tag: Buffer; concealed_until: string }>(
      `SELECT DISTINCT epoch, tag, concealed_until FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
         JOIN subject_access USING (epoch, tag) WHERE concealed_until <= $3`,
      [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag), nowMs],
    );
    return rows.map((row) => ({ epoch: row.epoch, tag: row.tag, concealedUntilMs: Number(row.concealed_until) }));
  }

  async addErasure(queries: Queries, { leafHash, logId, n, ref }: Omit<OpenErasure, 'origin'>): Promise<void> {
    await queries.query('INSERT INTO erasure (leaf_hash, log_id, n, ref) VALUES ($1, $2, $3, $4)', [
      leafHash,
      logId,
      n,
      ref,
    ]);
  }

  /** Statements that no log has taken in a day and that have to be made anew; locked for the caller. */
  async givenUp(queries: Queries, limit: number): Promise<OpenErasure[]> {
    const rows = await queries.query<ErasureRow>(
      `SELECT leaf_hash, erasure.log_id, origin, n, ref FROM erasure JOIN own_statement USING (leaf_hash)
         JOIN followed_log ON followed_log.log_id = erasure.log_id
        WHERE is_given_up LIMIT $1 FOR UPDATE OF erasure SKIP LOCKED`,
      [limit],
    );
    return rows.map((row) => ({
      leafHash: row.leaf_hash,
      logId: row.log_id,
      origin: row.origin,
      n: Number(row.n),
      ref: row.ref,
    }));
  }

  async restated(queries: Queries, before: Buffer, leafHash: Buffer): Promise<void> {
    await queries.query('UPDATE erasure SET leaf_hash = $2 WHERE leaf_hash = $1', [before, leafHash]);
  }

  /** Keys that the log says were destroyed, of which rows may still be here. */
  async due(limit: number): Promise<Buffer[]> {
    const rows = await this.database.query<{ id: Buffer }>(
      'SELECT id FROM erased_key WHERE NOT is_done ORDER BY id LIMIT $1',
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  async done(ids: readonly Buffer[]): Promise<void> {
    await this.database.query('UPDATE erased_key SET is_done = true WHERE id = ANY($1::bytea[])', [ids]);
  }

  /** Every key that the log says was destroyed, behind `after`, in the order of their ids. */
  async erased(after: Buffer, limit: number): Promise<Buffer[]> {
    const rows = await this.database.query<{ id: Buffer }>(
      'SELECT id FROM erased_key WHERE id > $1 ORDER BY id LIMIT $2',
      [after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Looks through the whole index for rows under these keys, of which only the ids are known: once after a restore. A row
   * that is added meanwhile is under another key.
   */
  async *walk(ids: readonly Buffer[], rowsPerPage = ROWS_PER_WALK): AsyncGenerator<readonly DoomedKey[]> {
    for (let place: WalkPlace | undefined = FIRST; place !== undefined;) {
      const rows: WalkRow[] = await this.database.query<WalkRow>(WALK, [...place, rowsPerPage, ids]);
      const wanted = new Set(ids.map((id) => id.toString('hex')));
      const found = rows.filter((row) => wanted.has(row.key_id.toString('hex')));
      if (found.length > 0) yield distinct(found.map(({ epoch, tag, key_id: id }) => ({ epoch, tag, id })));
      const last = rows.findLast((row) => row.last);
      place = last && [last.epoch, last.tag, last.ts_ms, last.log_id, last.idx, last.kind, last.position];
    }
  }
}

/** In the transaction that takes leaves in: the keys that they say were destroyed. */
export async function noteErasures(queries: Queries, stated: readonly StatedRow[]): Promise<void> {
  const erasures = stated.flatMap(({ leafHash, payload }) =>
    payload.t === 'erasure' ? [{ leafHash, part: readErasureRef(payload.ref) }] : [],
  );
  if (erasures.length === 0) return;
  const ids = erasures.flatMap(({ part }) => (part !== undefined && 'keys' in part ? part.keys : []));
  await queries.query(
    'INSERT INTO erased_key (id, is_done) SELECT id, false FROM unnest($1::bytea[]) AS t (id) ON CONFLICT DO NOTHING',
    [ids],
  );
  await queries.query('DELETE FROM erasure WHERE leaf_hash = ANY($1::bytea[])', [
    erasures.map(({ leafHash }) => leafHash),
  ]);
}

/** The bytes of `c1:…`. */
export function commitmentBytes(value: string): Buffer {
  return Buffer.from(VALUE.exec(value)?.[1] ?? '', 'base64url');
}

function days({ fromMs, toMs }: LeafTime): [number, number] {
  return [Math.floor(fromMs / DAY_MS), Math.floor(toMs / DAY_MS)];
}

function columns(keys: readonly DoomedKey[]): [number[], Buffer[], Buffer[]] {
  return [keys.map(({ epoch }) => epoch), keys.map(({ tag }) => tag), keys.map(({ id }) => id)];
}

function distinct(keys: readonly DoomedKey[]): DoomedKey[] {
  return [...new Map(keys.map((key) => [key.id.toString('hex'), key])).values()];
}
