import type { CommitmentKind } from '#signing';
import type { Database } from '#postgres';
import { kindOf } from '../openings/index-row.store.js';
import { epochOf } from '../key-store/epoch.js';
import type { EpochTag } from '../key-store/tag.js';

/** What feedback says of the commitments of one log, as far as it has followed it. */
export interface LogCount {
  readonly origin: string;
  /** Leaves that were followed: what is counted lies before this index. */
  readonly size: number;
  /** Commitments that their persons are shown. */
  readonly rows: number;
  readonly concealed: number;
  /** Nobody has opened them yet. */
  readonly pending: number;
  readonly erased: number;
  /** Of statements that are leaves of another log, too, and count there. */
  readonly repeated: number;
  /** Of the erased ones: those whose statement the followed log does not show yet. */
  readonly stating: number;
}

export interface FoundCommitment {
  readonly index: number;
  readonly kind: CommitmentKind;
  readonly position: number;
  readonly exchange: Buffer;
  readonly state: 'pending' | 'indexed' | 'concealed' | 'erased' | 'repeated';
  readonly row: (EpochTag & { readonly openingEnc: Buffer; readonly isConcealed: boolean }) | undefined;
}

/** One statement, so that what it counts stood together. Rows are counted themselves, not what is said of them. */
const COUNT = `
  WITH row_count AS (
    SELECT log_id, count(*) FILTER (WHERE concealed_until IS NULL OR concealed_until <= $1) AS shown,
           count(*) FILTER (WHERE concealed_until > $1) AS concealed FROM subject_access GROUP BY log_id),
  state_count AS (
    SELECT log_id, count(*) FILTER (WHERE state = 'pending') AS pending,
           count(*) FILTER (WHERE state = 'erased') AS erased,
           count(*) FILTER (WHERE state = 'repeated') AS repeated FROM commitment GROUP BY log_id),
  stating AS (
    SELECT log_id, sum(n) AS n FROM (
      SELECT log_id, n FROM erasure UNION ALL SELECT log_id, n FROM retention_pass) AS stated GROUP BY log_id)
  SELECT origin, next_idx, coalesce(shown, 0) AS rows, coalesce(concealed, 0) AS concealed,
         coalesce(pending, 0) AS pending, coalesce(erased, 0) AS erased, coalesce(repeated, 0) AS repeated, coalesce(n, 0) AS stating
    FROM followed_log LEFT JOIN row_count USING (log_id) LEFT JOIN state_count USING (log_id)
    LEFT JOIN stating USING (log_id) ORDER BY origin`;

/** Whoever audits waits; the index has a row for every access of years. */
const COUNT_TIMEOUT_MS = 10 * 60_000;

const FIND = `
  SELECT commitment.idx, commitment.kind, commitment.position, commitment.exchange, state, access.epoch, access.tag,
         opening_enc, concealed_until
    FROM commitment JOIN followed_log USING (log_id) LEFT JOIN subject_access AS access
      ON access.log_id = commitment.log_id AND access.idx = commitment.idx AND access.kind = commitment.kind
     AND access.position = commitment.position AND access.epoch = ANY($3::integer[])
   WHERE origin = $1 AND commitment.idx = ANY($2::bigint[])
   ORDER BY commitment.idx, commitment.kind, commitment.position`;

interface CountRow {
  readonly origin: string;
  readonly next_idx: string;
  readonly rows: string;
  readonly concealed: string;
  readonly pending: string;
  readonly erased: string;
  readonly repeated: string;
  readonly stating: string;
}

interface FoundRow {
  readonly idx: string;
  readonly kind: number;
  readonly position: number;
  readonly exchange: Buffer;
  readonly state: FoundCommitment['state'];
  readonly epoch: number | null;
  readonly tag: Buffer | null;
  readonly opening_enc: Buffer | null;
  readonly concealed_until: string | null;
}

/** Reads the whole index: for an auditor, now and then. */
export class CompletenessStore {
  constructor(private readonly database: Database) {}

  async count(nowMs: number): Promise<LogCount[]> {
    const rows = await this.database.transaction(async (queries) => {
      await queries.query(`SET LOCAL statement_timeout = ${COUNT_TIMEOUT_MS}`);
      return queries.query<CountRow>(COUNT, [nowMs]);
    });
    return rows.map((row) => ({
      origin: row.origin,
      size: Number(row.next_idx),
      rows: Number(row.rows),
      concealed: Number(row.concealed),
      pending: Number(row.pending),
      erased: Number(row.erased),
      repeated: Number(row.repeated),
      stating: Number(row.stating),
    }));
  }

  async isFollowed(origin: string): Promise<boolean> {
    return (await this.database.query('SELECT FROM followed_log WHERE origin = $1', [origin])).length > 0;
  }

  /** Every commitment of these leaves, with its row if it has one. */
  async find(origin: string, indices: readonly number[], nowMs: number): Promise<FoundCommitment[]> {
    const times = await this.database.query<{ ts_ms: string }>(
      `SELECT DISTINCT ts_ms FROM commitment JOIN followed_log USING (log_id) WHERE origin = $1 AND idx = ANY($2::bigint[])`,
      [origin, indices],
    );
    const epochs = [...new Set(times.map((row) => epochOf(Number(row.ts_ms))))];
    const rows = await this.database.query<FoundRow>(FIND, [origin, indices, epochs]);
    return rows.map((row) => found(row, nowMs));
  }
}

function found(row: FoundRow, nowMs: number): FoundCommitment {
  const { epoch, tag, opening_enc: openingEnc, concealed_until: until } = row;
  const isConcealed = until !== null && Number(until) > nowMs;
  return {
    index: Number(row.idx),
    kind: kindOf(row.kind),
    position: row.position,
    exchange: row.exchange,
    state: row.state,
    row:
      epoch === null || tag === null || openingEnc === null
        ? undefined
        : { epoch, tag, concealedUntilMs: Number(until ?? 0), openingEnc, isConcealed },
  };
}
