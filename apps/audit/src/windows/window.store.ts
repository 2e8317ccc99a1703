import type { Database } from '#postgres';
import { stateOf } from './window-state.js';

/** One window of the shard as the database has it. */
export interface StoredWindow {
  readonly logId: number;
  readonly origin: string;
  readonly predecessor: number | undefined;
  readonly size: number;
  readonly note: string;
  /** Milliseconds by the database's clock; undefined while it is open. */
  readonly closedAtMs: number | undefined;
  readonly nowMs: number;
}

interface WindowRow {
  log_id: number;
  origin: string;
  predecessor: number | null;
  size: string;
  note: string;
  closed_ms: string | null;
  now_ms: string;
}

const ROW = `log_id, origin, predecessor, size, note,
  (extract(epoch FROM closed) * 1000)::bigint AS closed_ms, (extract(epoch FROM now()) * 1000)::bigint AS now_ms`;

/** Which windows there are. One schema holds one shard, so their numbers count up from 1 without a gap. */
export class WindowStore {
  constructor(private readonly database: Database) {}

  /** Oldest first. */
  async list(): Promise<StoredWindow[]> {
    return (await this.database.query<WindowRow>(`SELECT ${ROW} FROM log_head ORDER BY log_id`)).map(windowOf);
  }

  async newest(): Promise<StoredWindow | undefined> {
    const rows = await this.database.query<WindowRow>(`SELECT ${ROW} FROM log_head ORDER BY log_id DESC LIMIT 1`);
    return rows.map(windowOf)[0];
  }

  async byId(logId: number): Promise<StoredWindow | undefined> {
    const rows = await this.database.query<WindowRow>(`SELECT ${ROW} FROM log_head WHERE log_id = $1`, [logId]);
    return rows.map(windowOf)[0];
  }

  /** Numbers of the windows that intake looks into: the one that is written, and those that were closed a day ago at most. */
  async lookedInto(): Promise<number[]> {
    return (await this.list()).filter((window) => stateOf(window) !== 'frozen').map(({ logId }) => logId);
  }

  /** The last leaf of a log of that size. */
  async lastLeaf(logId: number, size: number): Promise<{ leafHash: Buffer; body: Buffer } | undefined> {
    const [row] = await this.database.query<{ leaf_hash: Buffer; body: Buffer }>(
      'SELECT leaf_hash, body FROM log_leaf WHERE log_id = $1 AND idx = $2',
      [logId, size - 1],
    );
    return row === undefined ? undefined : { leafHash: row.leaf_hash, body: row.body };
  }

  /** Whether its leaves are in the database: they leave it when the window is detached. */
  async holdsLeaves(logId: number): Promise<boolean> {
    return (await this.database.query('SELECT FROM log_leaf WHERE log_id = $1 LIMIT 1', [logId])).length > 0;
  }

  /** The last manifest of a log, which goes on in its successor. */
  async lastManifest(
    logId: number,
  ): Promise<{ number: number; digest: Buffer; digests: string; statement: string } | undefined> {
    const [row] = await this.database.query<{ number: string; digest: Buffer; digests: string; statement: string }>(
      'SELECT number, digest, digests, statement FROM manifest WHERE log_id = $1 ORDER BY idx DESC LIMIT 1',
      [logId],
    );
    return row === undefined ? undefined : { ...row, number: Number(row.number) };
  }

  /** Made before the window is there, so that nothing is held up by it. Does nothing if it stands. */
  async makePartition(logId: number): Promise<void> {
    await this.database.query('SELECT make_leaf_partition($1)', [logId]);
  }

  /** The operator's word that the window is to end now. */
  async askForRotation(logId: number): Promise<void> {
    await this.database.query('INSERT INTO rotation_request (log_id) VALUES ($1) ON CONFLICT DO NOTHING', [logId]);
  }

  async isRotationAsked(logId: number): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM rotation_request WHERE log_id = $1', [logId]);
    return rows.length > 0;
  }

  /**
   * Takes the leaves of a window out of the log's table, which only its owner may. Returns the name of the table in which
   * they stand until it is dropped.
   */
  async detach(logId: number): Promise<string> {
    const table = logId === 1 ? 'log_leaf_default' : `log_leaf_${logId}`;
    await this.database.query(`ALTER TABLE log_leaf DETACH PARTITION ${table}`);
    return table;
  }
}

function windowOf(row: WindowRow): StoredWindow {
  return {
    logId: row.log_id,
    origin: row.origin,
    predecessor: row.predecessor ?? undefined,
    size: Number(row.size),
    note: row.note,
    closedAtMs: row.closed_ms === null ? undefined : Number(row.closed_ms),
    nowMs: Number(row.now_ms),
  };
}
