import type { Database } from '#postgres';
import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import type { Position } from './cursor.js';
import type { LeafFilter, Scope } from './leaf-query.js';

interface IndexRow {
  readonly idx: string;
  readonly type: string;
  readonly xid: Buffer;
  readonly at: string;
  readonly slot: string;
  readonly signer: string;
  readonly consumer: string | null;
  readonly consumer_member: string | null;
  readonly provider: string | null;
  readonly provider_member: string | null;
  readonly service: string | null;
  readonly endpoint: string | null;
  readonly purpose: string | null;
  readonly legal_basis: string | null;
  readonly status: number | null;
  readonly reason: string | null;
  readonly side: string | null;
  readonly count: string | null;
  readonly ref: string | null;
  readonly prev: Buffer | null;
  readonly hash: Buffer;
}

export interface PageWanted {
  readonly filter: LeafFilter;
  readonly scope: Scope;
  /** Leaves from here on are not looked at. */
  readonly below: number;
  /** Exclusive; undefined: from the newest on. */
  readonly after: Pick<Position, 'atMs' | 'index'> | undefined;
  readonly limit: number;
}

const COLUMNS = `idx, type, xid, at, slot, signer, consumer, consumer_member, provider, provider_member, service,
  endpoint, purpose, legal_basis, status, reason, side, count, ref, prev, hash`;

/** Values of one statement, by the place of each. */
class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Asks `leaf_index`, always within a scope. */
export class SearchStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** Newest first. */
  async page({ filter, scope, below, after, limit }: PageWanted): Promise<LeafEntry[]> {
    const parameters = new Parameters();
    const log = parameters.add(this.logId);
    const conditions = [`log_id = ${log}`, `idx < ${parameters.add(below)}`, ...conditionsOf(filter, parameters)];
    if (after !== undefined)
      conditions.push(`(at, idx) < (${parameters.add(after.atMs)}, ${parameters.add(after.index)})`);
    const order = `ORDER BY at DESC, idx DESC LIMIT ${parameters.add(limit)}`;
    const arms = armsOf(filter, scope, parameters).map(
      (arm) => `(SELECT ${COLUMNS} FROM leaf_index WHERE ${[...conditions, ...arm].join(' AND ')} ${order})`,
    );
    const sql = arms.length === 1 ? (arms[0] ?? '') : `SELECT * FROM (${arms.join(' UNION ALL ')}) AS arms ${order}`;
    return (await this.database.query<IndexRow>(sql, parameters.values)).map(entryOf);
  }

  /** Of these leaves, those that the scope has; in order of index. */
  async byIndex(indices: readonly number[], scope: Scope): Promise<LeafEntry[]> {
    return this.some('idx = ANY ($2::bigint[])', [indices], scope, indices.length);
  }

  /** Leaves of these exchanges; at most `limit`. */
  async byExchange(xids: readonly Buffer[], scope: Scope, limit: number): Promise<LeafEntry[]> {
    return this.some('xid = ANY ($2::bytea[])', [xids], scope, limit);
  }

  private async some(
    condition: string,
    values: readonly unknown[],
    { party }: Scope,
    limit: number,
  ): Promise<LeafEntry[]> {
    const rows = await this.database.query<IndexRow>(
      `SELECT ${COLUMNS} FROM leaf_index WHERE log_id = $1 AND ${condition}
          AND ($3::text IS NULL OR consumer = $3 OR provider = $3)
        ORDER BY idx LIMIT $4`,
      [this.logId, ...values, party ?? null, limit],
    );
    return rows.map(entryOf);
  }
}

/** Everything of the filter but `party`. */
function conditionsOf(filter: LeafFilter, parameters: Parameters): string[] {
  const { from, until, consumer, provider, service, type, statusClass, reason, side, exchange, purpose } = filter;
  const conditions: string[] = [];
  const where = (value: unknown, condition: (place: string) => string) => {
    if (value !== undefined) conditions.push(condition(parameters.add(value)));
  };
  where(from, (place) => `at >= ${place}`);
  where(until, (place) => `at < ${place}`);
  where(consumer, (place) => `${columnOf('consumer', consumer)} = ${place}`);
  where(provider, (place) => `${columnOf('provider', provider)} = ${place}`);
  where(service, (place) => `service = ${place}`);
  where(type, (place) => `type = ${place}`);
  where(statusClass, (place) => `status_class = ${place}`);
  where(reason, (place) => `reason = ${place}`);
  where(side, (place) => `side = ${place}`);
  where(exchange === undefined ? undefined : xidOf(exchange), (place) => `xid = ${place}`);
  where(purpose, (place) => `purpose = ${place}`);
  return conditions;
}

/**
 * "As consumer or as provider" is two ranges of two b-trees, merged: one arm each, which have no leaf in common. The
 * scope makes the arms; a party that was asked for besides is a condition in each.
 */
function armsOf({ party }: LeafFilter, scope: Scope, parameters: Parameters): string[][] {
  const both = [scope.party, party].filter((named) => named !== undefined);
  const [first, ...others] = both.map((named) => {
    const place = parameters.add(named);
    return {
      consumer: `${columnOf('consumer', named)} = ${place}`,
      provider: `${columnOf('provider', named)} = ${place}`,
    };
  });
  if (first === undefined) return [[]];
  const also = others.map(({ consumer, provider }) => `(${consumer} OR ${provider})`);
  return [
    [first.consumer, ...also],
    [first.provider, `(${first.consumer}) IS NOT TRUE`, ...also],
  ];
}

/** `DEMO/GOV/1000` is a member, `DEMO/GOV/1000/mygov` a subsystem. */
function columnOf(side: 'consumer' | 'provider', id: string | undefined): string {
  return id?.split('/').length === 3 ? `${side}_member` : side;
}

function xidOf(exchange: string): Buffer {
  return Buffer.from(exchange.replaceAll('-', ''), 'hex');
}

function entryOf(row: IndexRow): LeafEntry {
  const { idx, at, count, consumer_member, provider_member, legal_basis, ...same } = row;
  return {
    ...same,
    index: Number(idx),
    atMs: Number(at),
    count: count === null ? null : Number(count),
    consumerMember: consumer_member,
    providerMember: provider_member,
    legalBasis: legal_basis,
  };
}
