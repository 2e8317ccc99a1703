import { BulkInsert, type Database, type Queries } from '#postgres';
import type { StatedRow } from '../log-follower/leaf-row.js';
import { readErasureRef } from '../erasure/erasure-ref.js';

/** A row of the index, and what decides how long it is kept. */
export interface KeptRow {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly tsMs: number;
  readonly logId: number;
  readonly origin: string;
  readonly index: number;
  readonly kind: number;
  readonly position: number;
  readonly purpose: string;
  readonly concealedUntilMs: number;
}

/** Rows of a class that a pass has deleted and that no statement certifies yet. */
export interface OpenPass {
  readonly logId: number;
  readonly origin: string;
  readonly name: string;
  readonly untilMs: number;
  readonly n: number;
}

interface KeptRecord {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly ts_ms: string;
  readonly log_id: number;
  readonly origin: string;
  readonly idx: string;
  readonly kind: number;
  readonly position: number;
  readonly purpose: string;
  readonly concealed_until: string | null;
}

const PLACE = 'epoch, tag, ts_ms, log_id, idx, kind, position';
const ORDER = ['epoch', 'tag', 'ts_ms', 'log_id', 'idx', 'kind', 'position']
  .map((column) => `access.${column}`)
  .join(', ');
const PAGE = `
  SELECT ${ORDER}, origin, purpose, concealed_until
    FROM subject_access AS access JOIN exchange ON exchange.leaf_hash = access.exchange
    JOIN followed_log ON followed_log.log_id = access.log_id
   WHERE (${ORDER}) > ($1::integer, $2::bytea, $3::bigint, $4::smallint, $5::bigint, $6::smallint, $7::smallint)
     AND access.epoch <= $8
   ORDER BY ${ORDER} LIMIT $9`;
const PLACES = `unnest($1::integer[], $2::bytea[], $3::bigint[], $4::smallint[], $5::bigint[], $6::smallint[], $7::smallint[])
  AS due (${PLACE})`;

const PASSES = new BulkInsert<OpenPass>('retention_pass', [
  ['log_id', 'smallint', (pass) => pass.logId],
  ['class', 'text', (pass) => pass.name],
  ['until_ms', 'bigint', (pass) => pass.untilMs],
  ['n', 'bigint', () => 0],
]);

export class RetentionStore {
  constructor(private readonly database: Database) {}

  transaction<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome> {
    return this.database.transaction(work);
  }

  /** Rows of these epochs and older ones behind `after`, in the order of the index. */
  async page(after: KeptRow | undefined, lastEpoch: number, limit: number): Promise<KeptRow[]> {
    const place = after === undefined ? [-1, Buffer.alloc(0), -1, 0, 0, 0, 0] : placeOf(after);
    const rows = await this.database.query<KeptRecord>(PAGE, [...place, lastEpoch, limit]);
    return rows.map((row) => ({
      epoch: row.epoch,
      tag: row.tag,
      tsMs: Number(row.ts_ms),
      logId: row.log_id,
      origin: row.origin,
      index: Number(row.idx),
      kind: row.kind,
      position: row.position,
      purpose: row.purpose,
      concealedUntilMs: Number(row.concealed_until ?? 0),
    }));
  }

  /** Marks them as erased; those that were not before. */
  async close(queries: Queries, rows: readonly KeptRow[]): Promise<KeptRow[]> {
    const closed = await queries.query<{ log_id: number; idx: string; kind: number; position: number }>(
      `UPDATE commitment SET state = 'erased' FROM ${PLACES}
        WHERE commitment.log_id = due.log_id AND commitment.idx = due.idx AND commitment.kind = due.kind
          AND commitment.position = due.position AND state <> 'erased'
        RETURNING commitment.log_id, commitment.idx, commitment.kind, commitment.position`,
      columns(rows),
    );
    const names = new Set(closed.map((row) => `${row.log_id}/${row.idx}/${row.kind}/${row.position}`));
    return rows.filter(({ logId, index, kind, position }) => names.has(`${logId}/${index}/${kind}/${position}`));
  }

  /** By the eraser's role, when they are marked. */
  async deleteRows(rows: readonly KeptRow[]): Promise<void> {
    if (rows.length === 0) return;
    // A question is kept as long as the access of which it was asked.
    await this.database.erase(
      `DELETE FROM question USING ${PLACES} JOIN subject_access AS access USING (${PLACE})
        WHERE question.epoch = access.epoch AND question.tag = access.tag AND question.exchange = access.exchange`,
      columns(rows),
    );
    const same = PLACE.split(', ').map((column) => `subject_access.${column} = due.${column}`);
    await this.database.erase(`DELETE FROM subject_access USING ${PLACES} WHERE ${same.join(' AND ')}`, columns(rows));
  }

  /** What this pass has deleted until now, so that a crash forgets none of it. */
  async addToPasses(queries: Queries, passes: readonly OpenPass[]): Promise<void> {
    await PASSES.run(queries, passes);
    await queries.query(
      `UPDATE retention_pass SET n = retention_pass.n + more.n, until_ms = more.until_ms
         FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[]) AS more (log_id, class, until_ms, n)
        WHERE retention_pass.log_id = more.log_id AND retention_pass.class = more.class`,
      [
        passes.map(({ logId }) => logId),
        passes.map(({ name }) => name),
        passes.map(({ untilMs }) => untilMs),
        passes.map(({ n }) => n),
      ],
    );
  }

  /** Takes out one that is to be certified; the caller's transaction owns it. */
  async takePass(queries: Queries): Promise<OpenPass | undefined> {
    const [row] = await queries.query<{ log_id: number; origin: string; class: string; until_ms: string; n: string }>(
      `WITH taken AS (DELETE FROM retention_pass WHERE (log_id, class) IN
                        (SELECT log_id, class FROM retention_pass ORDER BY log_id, class LIMIT 1 FOR UPDATE SKIP LOCKED)
                      RETURNING *)
       SELECT taken.log_id, origin, class, until_ms, n FROM taken JOIN followed_log ON followed_log.log_id = taken.log_id`,
    );
    return (
      row && { logId: row.log_id, origin: row.origin, name: row.class, untilMs: Number(row.until_ms), n: Number(row.n) }
    );
  }

  /** Until when the log says that classes were deleted: by digest of the log's origin and class. */
  async certified(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ doc: string; class: string; until_ms: string }>(
      'SELECT doc, class, until_ms FROM retention_certificate',
    );
    return new Map(rows.map((row) => [`${row.doc} ${row.class}`, Number(row.until_ms)]));
  }

  /** By the eraser's role: wishes that nobody has said or used since end with the keys under which they lie. */
  async deleteWishes(lastEpoch: number): Promise<void> {
    await this.database.erase('DELETE FROM notification_preference WHERE epoch <= $1', [lastEpoch]);
  }

  /** Whether anything of these epochs is left that lies under a person's key and has not ended. Wishes hold no key. */
  async holds(lastEpoch: number): Promise<boolean> {
    const [row] = await this.database.query<{ holds: boolean }>(
      `SELECT EXISTS (SELECT FROM subject_access WHERE epoch <= $1) OR EXISTS (SELECT FROM compromise WHERE epoch <= $1)
              OR EXISTS (SELECT FROM person_link WHERE epoch <= $1 AND revoked_hash IS NULL)
              OR EXISTS (SELECT FROM correction_case WHERE epoch <= $1 AND state NOT IN ('CLOSED', 'WITHDRAWN')) AS holds`,
      [lastEpoch],
    );
    return row?.holds === true;
  }
}

/** In the transaction that takes leaves in: what the log says was deleted for its age. */
export async function noteCertificates(queries: Queries, stated: readonly StatedRow[]): Promise<void> {
  for (const { payload } of stated) {
    const part = payload.t === 'erasure' ? readErasureRef(payload.ref) : undefined;
    if (payload.t !== 'erasure' || part === undefined || !('retention' in part)) continue;
    await queries.query(
      `INSERT INTO retention_certificate (doc, class, until_ms) VALUES ($1, $2, $3)
         ON CONFLICT (doc, class) DO UPDATE SET until_ms = greatest(retention_certificate.until_ms, $3)`,
      [payload.doc, part.retention, part.untilMs],
    );
  }
}

function placeOf({ epoch, tag, tsMs, logId, index, kind, position }: KeptRow): unknown[] {
  return [epoch, tag, tsMs, logId, index, kind, position];
}

function columns(rows: readonly KeptRow[]): unknown[][] {
  const places = rows.map(placeOf);
  return Array.from({ length: 7 }, (_, at) => places.map((place) => place[at]));
}
