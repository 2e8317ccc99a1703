import type { SubsystemId } from '#kernel';
import type { Queries } from '#postgres';

type Asking = Pick<Queries, 'query'>;

/** What was delivered of a flag; as delivered, so that nothing but its random name can be read without the subsystem's key. */
export interface DeliveredFlag {
  readonly subsystem: SubsystemId;
  readonly flag: string;
  readonly atMs: number;
  readonly isOn: boolean;
  readonly value: Uint8Array;
}

/** A flag as it stands now. */
export interface KeptFlag {
  readonly subsystem: SubsystemId;
  readonly flag: string;
  /** Rises with each change of any flag, in the order in which changes become visible. */
  readonly rev: bigint;
  /** Undefined: it is off. */
  readonly value: Buffer | undefined;
}

/** Whoever changes a flag waits for whoever else does: so no reader passes by a change that is not visible yet. */
const CHANGE_LOCK = 7_362_415;
/** Beyond it the rest comes with the next page. */
export const PAGE = 500;

/** The flags of the subsystems that share this database. */
export class DisputeStore {
  /** In the caller's transaction. The newest of a flag stays; what is older, or there already, changes nothing. */
  async take(queries: Asking, flags: readonly DeliveredFlag[]): Promise<void> {
    if (flags.length === 0) return;
    await queries.query('SELECT pg_advisory_xact_lock($1)', [CHANGE_LOCK]);
    for (const { subsystem, flag, atMs, isOn, value } of flags)
      await queries.query(
        `INSERT INTO dispute AS known (subsystem, flag, at_ms, rev, value)
         VALUES ($1, $2, $3, (SELECT coalesce(max(rev), 0) + 1 FROM dispute), $4)
         ON CONFLICT (subsystem, flag) DO UPDATE SET at_ms = excluded.at_ms, rev = excluded.rev, value = excluded.value
           WHERE known.at_ms < excluded.at_ms`,
        [subsystem, flag, atMs, isOn ? Buffer.from(value) : null],
      );
  }

  /** A page of what has changed behind `rev`. */
  async changed(queries: Asking, subsystems: readonly SubsystemId[], rev: bigint): Promise<KeptFlag[]> {
    const rows = await queries.query<{ subsystem: SubsystemId; flag: string; rev: string; value: Buffer | null }>(
      `SELECT subsystem, flag, rev::text AS rev, value FROM dispute
        WHERE rev > $1 AND subsystem = ANY($2::text[]) ORDER BY dispute.rev LIMIT $3`,
      [String(rev), subsystems, PAGE],
    );
    return rows.map((row) => ({ ...row, rev: BigInt(row.rev), value: row.value ?? undefined }));
  }

  /** The same flag, sealed otherwise; not if it has changed meanwhile. */
  async replace(queries: Asking, { subsystem, flag, rev }: KeptFlag, value: Uint8Array): Promise<void> {
    await queries.query('UPDATE dispute SET value = $4 WHERE subsystem = $1 AND flag = $2 AND rev = $3', [
      ...[subsystem, flag, String(rev), Buffer.from(value)],
    ]);
  }

  /**
   * Forgets flags that have been off for so long that nothing older of them can come any more. The newest change stays:
   * its number must not be given twice.
   */
  async forget(queries: Asking, beforeMs: number): Promise<void> {
    await queries.query(
      'DELETE FROM dispute WHERE value IS NULL AND at_ms < $1 AND rev < (SELECT max(rev) FROM dispute)',
      [beforeMs],
    );
  }

  /** Up to where a topic has been gone through; undefined: nobody has begun. */
  async cursor(queries: Asking, topic: string, partition: number): Promise<bigint | undefined> {
    const [row] = await queries.query<{ next: string }>(
      'SELECT next_offset::text AS next FROM dispute_cursor WHERE topic = $1 AND partition = $2',
      [topic, partition],
    );
    return row === undefined ? undefined : BigInt(row.next);
  }

  /** Whoever writes has gone through everything before it, so that the last one may win, also with a smaller one. */
  async moveCursor(queries: Asking, topic: string, partition: number, next: bigint): Promise<void> {
    await queries.query(
      `INSERT INTO dispute_cursor (topic, partition, next_offset) VALUES ($1, $2, $3)
       ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset`,
      [topic, partition, String(next)],
    );
  }
}
