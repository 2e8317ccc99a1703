import type { SubsystemId } from '#kernel';
import type { Database } from '#postgres';
import { filingKey, openFiling, sealFiling, type KeptFiling } from './kept-filing.js';

/** How long a filing may wait for a correction; the longest terms with an appeal lie within it. */
const KEPT_MS = 400 * 24 * 60 * 60_000;

/** A filing that may have to be verified. */
export interface AwaitedFiling {
  readonly filing: KeptFiling;
  /** The correction that was looked at last. */
  readonly verified: { readonly seq: number; readonly atMs: number } | undefined;
}

/** Why corrections were not looked at, without any case. */
export interface Unseen {
  /** The code with which asking again ended. */
  readonly why: string;
  readonly isRefused: boolean;
  readonly filings: number;
  /** Of the one that waits longest. */
  readonly sinceMs: number;
}

const ANEW_MS = 24 * 60 * 60_000;
const MOST_REASONS = 20;

/** Filings of this gateway whose answer will be looked at again. Every write may be repeated. */
export class CorrectionFilings {
  private readonly key: Buffer;

  /** `secret` is this gateway's own; without it the rows are noise. */
  constructor(
    private readonly database: Database,
    secret: Uint8Array,
  ) {
    this.key = filingKey(secret);
  }

  /** Keeps it unless one is kept under this id; whether it was not. Before filing: a filed case without its row is never verified. */
  async begin(id: string, consumer: SubsystemId, filing: KeptFiling, nowMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO correction_filing (id, consumer, sealed_by_key, made_ms, state) VALUES ($1, $2, $3, $4, 'begun')
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, consumer, sealFiling(this.key, id, consumer, filing), nowMs],
    );
    return rows.length > 0;
  }

  /** Feedback has taken it. */
  async filed(id: string, consumer: SubsystemId, filing: KeptFiling): Promise<void> {
    await this.database.query(
      `UPDATE correction_filing SET sealed_by_key = $3, state = 'filed' WHERE id = $1 AND consumer = $2`,
      [id, consumer, sealFiling(this.key, id, consumer, filing)],
    );
  }

  async find(id: string, consumer: SubsystemId): Promise<KeptFiling | undefined> {
    const [row] = await this.database.query<{ sealed_by_key: Buffer }>(
      'SELECT sealed_by_key FROM correction_filing WHERE id = $1 AND consumer = $2',
      [id, consumer],
    );
    return row && openFiling(this.key, id, consumer, row.sealed_by_key);
  }

  async awaited(id: string, consumer: SubsystemId): Promise<AwaitedFiling | undefined> {
    const [row] = await this.database.query<{
      sealed_by_key: Buffer;
      verified_seq: number | null;
      verified_ms: string | null;
    }>('SELECT sealed_by_key, verified_seq, verified_ms FROM correction_filing WHERE id = $1 AND consumer = $2', [
      id,
      consumer,
    ]);
    const filing = row && openFiling(this.key, id, consumer, row.sealed_by_key);
    if (row === undefined || filing === undefined) return undefined;
    const { verified_seq: seq, verified_ms: atMs } = row;
    return { filing, verified: seq === null || atMs === null ? undefined : { seq, atMs: Number(atMs) } };
  }

  /** That correction was looked at, and feedback was told what was seen. */
  async verified(id: string, consumer: SubsystemId, seq: number, nowMs: number): Promise<void> {
    await this.database.query(
      `UPDATE correction_filing SET verified_seq = $3, verified_ms = $4, unseen_why = NULL, is_refused = false,
         unseen_ms = NULL WHERE id = $1 AND consumer = $2`,
      [id, consumer, seq, nowMs],
    );
  }

  /** It was asked for again in vain; `isRefused`: and will be until somebody changes what the registry says. */
  async unseen(
    id: string,
    consumer: SubsystemId,
    { why, isRefused }: Pick<Unseen, 'why' | 'isRefused'>,
    nowMs: number,
  ): Promise<void> {
    await this.database.query(
      `UPDATE correction_filing SET unseen_why = $3, is_refused = $4, unseen_ms = coalesce(unseen_ms, $5)
       WHERE id = $1 AND consumer = $2`,
      [id, consumer, why, isRefused, nowMs],
    );
  }

  async allUnseen(): Promise<Unseen[]> {
    const rows = await this.database.query<{ why: string; is_refused: boolean; n: string; since: string }>(
      `SELECT unseen_why AS why, is_refused, count(*) AS n, min(unseen_ms) AS since FROM correction_filing
       WHERE unseen_ms IS NOT NULL GROUP BY unseen_why, is_refused ORDER BY is_refused DESC, n DESC LIMIT $1`,
      [MOST_REASONS],
    );
    return rows.map(({ why, is_refused: isRefused, n, since }) => ({
      ...{ why, isRefused, filings: Number(n), sinceMs: Number(since) },
    }));
  }

  /** Filed ones of a consumer of which feedback was not asked for a day, longest ago first. */
  async unasked(consumer: SubsystemId, nowMs: number, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM correction_filing WHERE consumer = $1 AND state = 'filed' AND asked_ms <= $2 AND made_ms <= $2
       ORDER BY asked_ms, id LIMIT $3`,
      [consumer, nowMs - ANEW_MS, limit],
    );
    return rows.map(({ id }) => id);
  }

  async asked(ids: readonly string[], consumer: SubsystemId, nowMs: number): Promise<void> {
    await this.database.query(
      'UPDATE correction_filing SET asked_ms = $3 WHERE id = ANY($1::uuid[]) AND consumer = $2',
      [ids, consumer, nowMs],
    );
  }

  /** Consumers that wait for a verification. */
  async consumers(): Promise<SubsystemId[]> {
    const rows = await this.database.query<{ consumer: SubsystemId }>(
      'SELECT DISTINCT consumer FROM correction_filing ORDER BY consumer',
    );
    return rows.map(({ consumer }) => consumer);
  }

  /** A case that was refused, or in which nothing can be corrected any more. */
  async drop(id: string, consumer: SubsystemId): Promise<void> {
    await this.database.erase('DELETE FROM correction_filing WHERE id = $1 AND consumer = $2', [id, consumer]);
  }

  /** Those of which nothing was made or verified in all that time; at most `limit` of them; how many. */
  async sweep(nowMs: number, limit: number): Promise<number> {
    const rows = await this.database.erase(
      `DELETE FROM correction_filing WHERE id IN
         (SELECT id FROM correction_filing WHERE made_ms < $1 AND coalesce(verified_ms, 0) < $1 LIMIT $2)
       RETURNING id`,
      [nowMs - KEPT_MS, limit],
    );
    return rows.length;
  }
}
