import type { Database, Queries } from '#postgres';
import type { Change } from '../definition/differences.js';
import type { ChangeRecord, LeafOpening } from './change-leaf.js';
import { OPEN_STATES, type ChangeState } from './change-state.js';

export interface ChangeEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly state: ChangeState;
  /** Absent: the registry itself. */
  readonly person?: string;
  readonly issuer?: string;
  readonly roles?: string;
  readonly reason?: string;
  /** Of the definition that it made. */
  readonly version?: number;
}

export interface StoredChange {
  readonly id: string;
  readonly base: number;
  /** JSON: a `ChangeInput`. */
  readonly input: string;
  readonly changes: readonly Change[];
  readonly reason: string;
  readonly isEmergency: boolean;
  readonly effectiveAtMs: number | undefined;
  readonly events: readonly ChangeEvent[];
}

export interface StoredLeaf {
  readonly leafHash: Buffer;
  readonly changeId: string;
  readonly statement: string;
  readonly record: ChangeRecord;
  readonly opening: LeafOpening;
  /** Of the snapshot that it announces. */
  readonly number: number;
  readonly signedAtMs: number;
  readonly state: 'stamping' | 'logged' | 'effective' | 'refused';
  readonly index: number | undefined;
}

export type NewEvent = Omit<ChangeEvent, 'seq'>;
export type ListFilter = { readonly after: number; readonly limit: number; readonly isOpen: boolean };

/** A row of the list, with the place after which the next page begins. */
export type ListedChange = Omit<StoredChange, 'input'> & { readonly sequence: number };

const EVENTS = `(SELECT json_agg(json_strip_nulls(json_build_object('seq', seq,
    'atMs', (extract(epoch FROM at) * 1000)::bigint, 'state', state, 'person', person, 'issuer', issuer,
    'roles', roles, 'reason', reason, 'version', version)) ORDER BY seq)
  FROM change_event WHERE change_id = id) AS events`;
const COLUMNS = `id, sequence, base, changes, reason, is_emergency, ${EVENTS},
  (extract(epoch FROM effective_at) * 1000)::bigint AS effective_at_ms`;
const STATE = '(SELECT state FROM change_event WHERE change_id = id ORDER BY seq DESC LIMIT 1)';

interface Row {
  readonly id: string;
  readonly sequence: string;
  readonly base: string;
  readonly input?: string;
  readonly changes: Change[];
  readonly reason: string;
  readonly is_emergency: boolean;
  readonly effective_at_ms: string | null;
  readonly events: ChangeEvent[] | null;
}

/**
 * Requests and what became of them. Where one stands is its last event, and `(change_id, seq)` is unique: of two who
 * decide at the same time one is there first, and the other finds that out.
 */
export class ChangeStore {
  constructor(private readonly database: Database) {}

  async openCount(): Promise<number> {
    const [row] = await this.database.query<{ count: string }>(
      `SELECT count(*) AS count FROM change_request WHERE ${STATE} = ANY($1)`,
      [OPEN_STATES],
    );
    return Number(row?.count ?? 0);
  }

  /** False if there is one of that id. */
  async insert({
    events,
    ...change
  }: Omit<StoredChange, 'events'> & { events: readonly NewEvent[] }): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      const inserted = await queries.query(
        `INSERT INTO change_request (id, base, input, changes, reason, is_emergency, effective_at)
         VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::double precision / 1000))
         ON CONFLICT DO NOTHING RETURNING id`,
        [
          change.id,
          change.base,
          change.input,
          JSON.stringify(change.changes),
          change.reason,
          change.isEmergency,
          change.effectiveAtMs ?? null,
        ],
      );
      if (inserted.length === 0) return false;
      for (const [at, event] of events.entries()) await insertEvent(queries, change.id, at + 1, event);
      return true;
    });
  }

  /** False if something else was said as number `seq`. */
  async append(id: string, seq: number, event: NewEvent): Promise<boolean> {
    return insertEvent(this.database, id, seq, event);
  }

  async change(id: string): Promise<StoredChange | undefined> {
    const [row] = await this.database.query<Row>(`SELECT ${COLUMNS}, input FROM change_request WHERE id = $1`, [id]);
    return row === undefined ? undefined : { ...listed(row), input: row.input ?? '' };
  }

  /** Newest last. */
  async list({ after, limit, isOpen }: ListFilter): Promise<ListedChange[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM change_request
       WHERE sequence > $1 AND ($3::text[] IS NULL OR ${STATE} = ANY($3))
       ORDER BY sequence LIMIT $2`,
      [after, limit, isOpen ? OPEN_STATES : null],
    );
    return rows.map(listed);
  }

  /** Every request that wanted something of this object, whatever became of it. */
  async ofObject(kind: string, id: string, { after, limit }: Omit<ListFilter, 'isOpen'>): Promise<ListedChange[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM change_request WHERE changes @> $1::jsonb AND sequence > $2 ORDER BY sequence LIMIT $3`,
      [JSON.stringify([{ kind, id }]), after, limit],
    );
    return rows.map(listed);
  }

  /** What has come into force after that version, oldest first. */
  async since(version: number, limit: number): Promise<ListedChange[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM change_request
       JOIN (SELECT change_id AS effective_id, version AS made FROM change_event WHERE version > $1) AS made
         ON effective_id = id
       ORDER BY made LIMIT $2`,
      [version, limit],
    );
    return rows.map(listed);
  }

  /** The approved one whose time has come: emergencies first, then in the order in which they were asked for. */
  async due(nowMs: number): Promise<StoredChange | undefined> {
    const [row] = await this.database.query<Row>(
      `SELECT ${COLUMNS}, input FROM change_request
       WHERE ${STATE} = 'APPROVED' AND (effective_at IS NULL OR effective_at <= to_timestamp($1::double precision / 1000))
       ORDER BY is_emergency DESC, sequence LIMIT 1`,
      [nowMs],
    );
    return row === undefined ? undefined : { ...listed(row), input: row.input ?? '' };
  }

  /** From here on the request cannot be withdrawn any more. False if it was first, or another one is under way. */
  async beginApplying(change: StoredChange, leaf: StoredLeaf): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      const [busy] = await queries.query(`SELECT 1 FROM change_leaf WHERE state IN ('stamping', 'logged')`);
      if (busy !== undefined) return false;
      const event = { state: 'APPLYING', atMs: leaf.signedAtMs } as const;
      if (!(await insertEvent(queries, change.id, change.events.length + 1, event))) return false;
      await insertLeaf(queries, leaf);
      return true;
    });
  }

  /** Instead of one that the log takes no more. */
  async replaceLeaf(old: Uint8Array, leaf: StoredLeaf): Promise<void> {
    await this.database.transaction(async (queries) => {
      await queries.query(`UPDATE change_leaf SET state = 'refused' WHERE leaf_hash = $1`, [old]);
      await insertLeaf(queries, leaf);
    });
  }

  async markLogged(leafHash: Uint8Array, index: number): Promise<void> {
    await this.database.query(
      `UPDATE change_leaf SET state = 'logged', log_index = $2 WHERE leaf_hash = $1 AND state = 'stamping'`,
      [leafHash, index],
    );
  }

  /** Within the transaction that writes the registers. */
  async takeEffect(queries: Queries, change: StoredChange, leaf: StoredLeaf, event: NewEvent): Promise<void> {
    await insertEvent(queries, change.id, change.events.length + 1, event);
    await queries.query(`UPDATE change_leaf SET state = 'effective' WHERE leaf_hash = $1`, [leaf.leafHash]);
  }

  /** The one that is on its way into force. */
  async pendingLeaf(): Promise<StoredLeaf | undefined> {
    return this.leaf(`state IN ('stamping', 'logged')`, []);
  }

  /** The one that stands in the log, or is meant to. */
  async leafOf(changeId: string): Promise<StoredLeaf | undefined> {
    return this.leaf(`change_id = $1 AND state <> 'refused'`, [changeId]);
  }

  private async leaf(where: string, parameters: readonly unknown[]): Promise<StoredLeaf | undefined> {
    const [row] = await this.database.query<{
      leaf_hash: Buffer;
      change_id: string;
      statement: string;
      record: string;
      opening: LeafOpening;
      number: string;
      signed_at_ms: string;
      state: StoredLeaf['state'];
      log_index: string | null;
    }>(
      `SELECT *, (extract(epoch FROM signed_at) * 1000)::bigint AS signed_at_ms FROM change_leaf WHERE ${where} LIMIT 1`,
      parameters,
    );
    if (row === undefined) return undefined;
    return {
      leafHash: row.leaf_hash,
      changeId: row.change_id,
      statement: row.statement,
      record: JSON.parse(row.record) as ChangeRecord,
      opening: row.opening,
      number: Number(row.number),
      signedAtMs: Number(row.signed_at_ms),
      state: row.state,
      index: row.log_index === null ? undefined : Number(row.log_index),
    };
  }
}

async function insertEvent(
  queries: Pick<Queries, 'query'>,
  id: string,
  seq: number,
  event: NewEvent,
): Promise<boolean> {
  const inserted = await queries.query(
    `INSERT INTO change_event (change_id, seq, at, state, person, issuer, roles, reason, version)
     VALUES ($1, $2, to_timestamp($3::double precision / 1000), $4, $5, $6, $7, $8, $9)
     ON CONFLICT (change_id, seq) DO NOTHING RETURNING seq`,
    [
      id,
      seq,
      event.atMs,
      event.state,
      event.person ?? null,
      event.issuer ?? null,
      event.roles ?? null,
      event.reason ?? null,
      event.version ?? null,
    ],
  );
  return inserted.length > 0;
}

async function insertLeaf(queries: Queries, leaf: StoredLeaf): Promise<void> {
  await queries.query(
    `INSERT INTO change_leaf (leaf_hash, change_id, statement, record, opening, number, signed_at, state)
     VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::double precision / 1000), 'stamping')`,
    [
      leaf.leafHash,
      leaf.changeId,
      leaf.statement,
      JSON.stringify(leaf.record),
      leaf.opening,
      leaf.number,
      leaf.signedAtMs,
    ],
  );
}

function listed(row: Row): ListedChange {
  return {
    id: row.id,
    sequence: Number(row.sequence),
    base: Number(row.base),
    changes: row.changes,
    reason: row.reason,
    isEmergency: row.is_emergency,
    effectiveAtMs: row.effective_at_ms === null ? undefined : Number(row.effective_at_ms),
    events: row.events ?? [],
  };
}

/** Where a request stands. */
export function stateOf({ events }: Pick<StoredChange, 'events'>): ChangeState {
  return events.at(-1)?.state ?? 'REQUESTED';
}
