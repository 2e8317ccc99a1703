import type { CommitmentKind } from '#signing';
import { BulkInsert, type Database, type Queries } from '#postgres';
import { Frontier } from '#tlog';
import { noteRivals } from '../corrections/case.store.js';
import { noteErasures } from '../erasure/erasure.store.js';
import { INGEST_LOCK } from '../ingest-lock.js';
import { addOrders, type OrderLeaf } from '../concealment/order.store.js';
import { markLogged } from '../statements/own-statement.store.js';
import { noteCertificates } from '../retention/retention.store.js';
import { disownedBy, type DisownedExchange } from './disowned.store.js';
import { noteElsewhere, noteKinds } from './exchange-kind.store.js';
import { followerErrors } from './log-follower.errors.js';
import type { CommitmentRow, ExchangeRow, LeafRows, SequelRow, StatedRow } from './leaf-row.js';

/** How far a log was followed. */
export interface Position {
  readonly logId: number;
  readonly frontier: Frontier;
}

type InLog<Row> = Row & { readonly logId: number; readonly seenMs: number; readonly askMs: number };
type Counted = CommitmentRow & { readonly state: 'pending' | 'repeated' };

const EXCHANGES = new BulkInsert<InLog<ExchangeRow>>('exchange', [
  ['leaf_hash', 'bytea', (row) => row.leafHash],
  ['log_id', 'smallint', (row) => row.logId],
  ['idx', 'bigint', (row) => row.index],
  ['exchange_id', 'uuid', (row) => row.payload.id],
  ['ts_ms', 'bigint', (row) => row.payload.ts],
  ['consumer', 'text', (row) => row.payload.from],
  ['provider', 'text', (row) => row.payload.to],
  ['service', 'text', (row) => row.payload.svc],
  ['endpoint', 'text', (row) => row.payload.ep],
  ['purpose', 'text', (row) => row.payload.pur],
  ['legal_basis', 'text', (row) => row.payload.law],
  ['parties', 'bytea', (row) => row.parties],
]);

const SEQUELS = new BulkInsert<InLog<SequelRow>>('sequel', [
  ['log_id', 'smallint', (row) => row.logId],
  ['idx', 'bigint', (row) => row.index],
  ['leaf_hash', 'bytea', (row) => row.leafHash],
  ['prev', 'bytea', (row) => row.prev],
  ['slot', 'text', (row) => row.slot],
  ['type', 'text', (row) => row.payload.t],
  ['status', 'smallint', (row) => row.payload.st ?? null],
  ['why', 'text', (row) => row.payload.why ?? null],
  ['disputed', 'bigint', (row) => row.payload.n ?? null],
  ['parties', 'bytea', (row) => row.parties],
  ['snap', 'bigint', ({ payload }) => (payload.t === 'exchange.answered' ? payload.snap : null)],
  ['endpoint', 'text', ({ payload }) => (payload.t === 'exchange.answered' ? payload.ep : null)],
]);

const COMMITMENTS = new BulkInsert<InLog<Counted>>('commitment', [
  ['log_id', 'smallint', (row) => row.logId],
  ['idx', 'bigint', (row) => row.index],
  ['kind', 'smallint', (row) => kindNumber(row.kind)],
  ['position', 'smallint', (row) => row.position],
  ['statement', 'bytea', (row) => row.statement],
  ['exchange', 'bytea', (row) => row.exchange],
  ['exchange_id', 'uuid', (row) => row.exchangeId],
  ['consumer', 'text', (row) => row.consumer],
  ['value', 'text', (row) => row.value],
  ['ts_ms', 'bigint', (row) => row.tsMs],
  ['seen_ms', 'bigint', (row) => row.seenMs],
  ['state', 'text', (row) => row.state],
  ['ask_ms', 'bigint', (row) => row.askMs],
]);

/** As the tables spell it. */
export function kindNumber(kind: CommitmentKind): number {
  return kind === 'subject' ? 0 : 1;
}

/**
 * How far each log was followed, stored in the transaction of what its leaves brought: a crash leaves both or neither,
 * and of two processes that follow one log each leaf is taken once.
 */
export class FollowedLogStore {
  constructor(
    private readonly database: Database,
    /** Commitments that nobody has opened so long after they were taken in are asked for. */
    private readonly unopenedAfterMs: number,
    /**
     * Once their leaves are committed. After a crash in between, or a commit that says that it failed and did not, nobody is
     * told of these: the rows show them all the same.
     */
    private readonly disowned: (exchanges: readonly DisownedExchange[]) => void = () => undefined,
  ) {}

  /** A log that was never followed begins at its first leaf. */
  async position(origin: string): Promise<Position> {
    await this.database.query('INSERT INTO followed_log (origin) VALUES ($1) ON CONFLICT DO NOTHING', [origin]);
    const [row] = await this.database.query<{ log_id: number; next_idx: string; frontier: Buffer }>(
      'SELECT log_id, next_idx, frontier FROM followed_log WHERE origin = $1',
      [origin],
    );
    const frontier = row === undefined ? undefined : Frontier.parse(Number(row.next_idx), row.frontier);
    if (row === undefined || frontier === undefined)
      throw followerErrors.error('followed-log-broken', { details: { origin } });
    return { logId: row.log_id, frontier };
  }

  /** False: another process has taken leaves meanwhile, and nothing was written. */
  async take(position: Position, next: Frontier, rows: LeafRows, seenMs: number): Promise<boolean> {
    const disowned = await this.takeAll(position, next, rows, seenMs);
    if (disowned !== undefined && disowned.length > 0) this.disowned(disowned);
    return disowned !== undefined;
  }

  /** What these leaves show to be disowned; undefined: nothing was written. */
  private takeAll(
    { logId, frontier }: Position,
    next: Frontier,
    rows: LeafRows,
    seenMs: number,
  ): Promise<DisownedExchange[] | undefined> {
    const own = { logId, seenMs, askMs: seenMs + this.unopenedAfterMs };
    const inLog = <Row>(list: readonly Row[]): InLog<Row>[] => list.map((row) => ({ ...row, ...own }));
    return this.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock($1)', [INGEST_LOCK]);
      const moved = await queries.query(
        'UPDATE followed_log SET next_idx = $3, frontier = $4 WHERE log_id = $1 AND next_idx = $2 RETURNING log_id',
        [logId, frontier.size, next.size, next.bytes()],
      );
      if (moved.length === 0) return undefined;
      await EXCHANGES.run(queries, inLog(rows.exchanges));
      await SEQUELS.run(queries, inLog(rows.sequels));
      await noteKinds(queries, rows.exchanges);
      await noteElsewhere(queries, rows);
      await COMMITMENTS.run(queries, inLog(await counted(queries, rows.commitments)));
      await markReady(queries, rows.commitments);
      await markLogged(queries, logId, rows.stated);
      await noteRivals(queries, rows.stated);
      await noteErasures(queries, rows.stated);
      await noteCertificates(queries, rows.stated);
      await addOrders(queries, logId, rows.stated.flatMap(orderIn));
      return disownedBy(queries, rows);
    });
  }
}

function orderIn({ index, leafHash, payload }: StatedRow): OrderLeaf[] {
  return payload.t === 'access.concealment' ? [{ index, leafHash, payload }] : [];
}

/** A statement that was a leaf before, of whatever log, speaks of nobody once more. */
async function counted(queries: Queries, commitments: readonly CommitmentRow[]): Promise<Counted[]> {
  if (commitments.length === 0) return [];
  const rows = await queries.query<{ statement: Buffer }>(
    `SELECT DISTINCT statement FROM commitment WHERE statement = ANY($1::bytea[]) AND state <> 'repeated'`,
    [commitments.map(({ statement }) => statement)],
  );
  const known = new Set(rows.map(({ statement }) => statement.toString('hex')));
  return commitments.map((one) => ({
    ...one,
    state: known.has(one.statement.toString('hex')) ? 'repeated' : 'pending',
  }));
}

/** Openings that came before their leaf can be looked at now. */
async function markReady(queries: Queries, commitments: readonly CommitmentRow[]): Promise<void> {
  const statements = [...new Map(commitments.map(({ statement }) => [statement.toString('hex'), statement])).values()];
  if (statements.length === 0) return;
  await queries.query('UPDATE inbox SET is_ready = true WHERE NOT is_ready AND statement = ANY($1::bytea[])', [
    statements,
  ]);
}
