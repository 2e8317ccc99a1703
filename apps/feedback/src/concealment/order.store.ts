import { BulkInsert, type Database, type Queries } from '#postgres';
import type { ConcealmentPayload } from '#signing';
import type { ConcealmentLeaf } from './judge-claim.js';
import type { LogPlace } from './log-place.js';

/** A leaf `access.concealment` as it was followed. */
export interface OrderLeaf {
  readonly index: number;
  readonly leafHash: Buffer;
  readonly payload: ConcealmentPayload;
}

/** A statement of concealment with its own hash, and its countersignature if one stands in the log. */
export interface FoundOrder extends ConcealmentLeaf {
  readonly id: string;
  readonly leafHash: Buffer;
  /** Undefined: nobody has countersigned it as it stands. */
  readonly countersigned: { readonly leafHash: Buffer } | undefined;
}

interface OrderRecord {
  readonly leaf_hash: Buffer;
  readonly origin: string;
  readonly idx: string;
  readonly statement_id: string;
  readonly ts_ms: string;
  readonly authority: string;
  readonly operator: string;
  readonly until_ms: string;
  readonly doc: string;
  readonly prev: Buffer | null;
}

type InLog = OrderLeaf & { readonly logId: number };

const ORDERS = new BulkInsert<InLog>('concealment_order', [
  ['leaf_hash', 'bytea', (row) => row.leafHash],
  ['log_id', 'smallint', (row) => row.logId],
  ['idx', 'bigint', (row) => row.index],
  ['statement_id', 'uuid', (row) => row.payload.id],
  ['ts_ms', 'bigint', (row) => row.payload.ts],
  ['authority', 'text', (row) => row.payload.from],
  ['operator', 'text', (row) => row.payload.to],
  ['until_ms', 'bigint', (row) => row.payload.until],
  ['doc', 'text', (row) => row.payload.doc],
  ['prev', 'bytea', (row) => (row.payload.prev === undefined ? null : Buffer.from(row.payload.prev, 'base64url'))],
]);

const SELECT = 'SELECT concealment_order.*, origin FROM concealment_order JOIN followed_log USING (log_id)';

/** In the transaction that takes leaves in. */
export async function addOrders(queries: Queries, logId: number, orders: readonly OrderLeaf[]): Promise<void> {
  await ORDERS.run(
    queries,
    orders.map((order) => ({ ...order, logId })),
  );
}

/** The statements of these leaf hashes, each with what it countersigns, by hash in hex. */
export async function ordersOf(
  queries: Queries,
  hashes: readonly Buffer[],
): Promise<ReadonlyMap<string, ConcealmentLeaf>> {
  const named = await recordsOf(queries, hashes);
  const orders = leavesIn(
    await recordsOf(
      queries,
      named.flatMap(({ prev }) => prev ?? []),
    ),
    new Map(),
  );
  return leavesIn(named, orders);
}

export class OrderStore {
  constructor(private readonly database: Database) {}

  /** The order of that statement id or leaf hash, and what countersigns it. */
  async find(named: string | Buffer): Promise<FoundOrder | undefined> {
    const column = typeof named === 'string' ? 'statement_id' : 'leaf_hash';
    const records = await this.database.query<OrderRecord>(
      `${SELECT} WHERE ${column} = $1 AND prev IS NULL ORDER BY log_id, idx LIMIT 10`,
      [named],
    );
    const [found] = await this.withCountersignatures(records);
    return found;
  }

  /** The newest first, behind the one of that id: ids are made in the order of time. */
  async list(before: string | undefined, limit: number): Promise<FoundOrder[]> {
    const records = await this.database.query<OrderRecord>(
      `${SELECT} WHERE prev IS NULL AND ($1::uuid IS NULL OR statement_id < $1::uuid)
        ORDER BY statement_id DESC, log_id, idx LIMIT $2`,
      [before ?? null, limit],
    );
    return this.withCountersignatures(records);
  }

  private async withCountersignatures(records: readonly OrderRecord[]): Promise<FoundOrder[]> {
    const byHash = Map.groupBy(records, (record) => record.leaf_hash.toString('hex'));
    if (byHash.size === 0) return [];
    const countersigned = await this.database.query<OrderRecord>(
      `${SELECT} WHERE prev = ANY($1::bytea[]) ORDER BY log_id, idx`,
      [[...byHash.values()].map((same) => same[0]?.leaf_hash)],
    );
    return [...byHash.values()].flatMap((same): FoundOrder[] => {
      const [first] = same;
      const leaf = first === undefined ? undefined : leafOf(same, undefined);
      if (first === undefined || leaf === undefined) return [];
      const own = countersigned.find(
        ({ prev, ...said }) => prev?.equals(first.leaf_hash) === true && agree(first, said),
      );
      return [
        {
          ...leaf,
          id: first.statement_id,
          leafHash: first.leaf_hash,
          countersigned: own && { leafHash: own.leaf_hash },
        },
      ];
    });
  }
}

async function recordsOf(queries: Queries, hashes: readonly Buffer[]): Promise<OrderRecord[]> {
  if (hashes.length === 0) return [];
  return queries.query<OrderRecord>(`${SELECT} WHERE leaf_hash = ANY($1::bytea[])`, [hashes]);
}

function leavesIn(
  records: readonly OrderRecord[],
  orders: ReadonlyMap<string, ConcealmentLeaf>,
): ReadonlyMap<string, ConcealmentLeaf> {
  const byHash = Map.groupBy(records, (record) => record.leaf_hash.toString('hex'));
  return new Map(
    [...byHash].flatMap(([hash, same]) => {
      const prev = same[0]?.prev?.toString('hex');
      const leaf = leafOf(same, prev === undefined ? undefined : orders.get(prev));
      return leaf === undefined ? [] : [[hash, leaf] as const];
    }),
  );
}

/** One statement, wherever it stands. */
function leafOf(same: readonly OrderRecord[], order: ConcealmentLeaf | undefined): ConcealmentLeaf | undefined {
  const [record] = same;
  if (record === undefined) return undefined;
  return {
    places: same.map(({ origin, idx }): LogPlace => ({ log: origin, index: Number(idx) })),
    tsMs: Number(record.ts_ms),
    authority: record.authority,
    operator: record.operator,
    untilMs: Number(record.until_ms),
    doc: record.doc,
    order,
    isCountersignature: record.prev !== null,
  };
}

function agree(one: OrderRecord, other: Omit<OrderRecord, 'prev'>): boolean {
  return (
    one.authority === other.authority &&
    one.operator === other.operator &&
    one.until_ms === other.until_ms &&
    one.doc === other.doc
  );
}
