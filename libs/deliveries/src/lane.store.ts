import type { Queries } from '#postgres';
import type { DeliveryState } from './delivery.js';
import { NOW_MS } from './outbox.store.js';

type Asking = Pick<Queries, 'query'>;

/** One recipient, held by one worker until its lease ends. */
export interface Lane {
  readonly recipient: string;
  /** Of this claim alone. */
  readonly holder: string;
  /** Attempts that failed one after the other. */
  readonly failures: number;
}

export interface LaneClaim {
  readonly holder: string;
  readonly leaseMs: number;
  readonly limit: number;
  /** Recipients whose last attempt failed, or the others. */
  readonly isFailing: boolean;
  /** Whether a parked delivery holds up those behind it. */
  readonly isHolding: boolean;
  /** Of these only; absent: of all. */
  readonly recipients: readonly string[] | undefined;
}

export interface WaitingDelivery {
  readonly seq: string;
  readonly id: string;
  readonly kind: string;
  readonly value: Buffer;
  readonly madeMs: number;
  readonly dueMs: number | undefined;
  readonly attempts: number;
}

interface WaitingRow {
  readonly seq: string;
  readonly id: string;
  readonly kind: string;
  readonly value: Buffer;
  readonly made_ms: string;
  readonly due_ms: string | null;
  readonly attempts: number;
}

const CLAIM = `WITH free AS (
    SELECT recipient FROM delivery_recipient AS one
     WHERE not_before_ms <= ${NOW_MS} AND (failures > 0) = $4 AND ($6::text[] IS NULL OR recipient = ANY($6::text[]))
       AND EXISTS (SELECT FROM delivery WHERE delivery.recipient = one.recipient AND state = 'waiting')
       AND NOT ($5 AND EXISTS (SELECT FROM delivery WHERE delivery.recipient = one.recipient AND state = 'parked'))
     ORDER BY not_before_ms LIMIT $3 FOR UPDATE OF one SKIP LOCKED
  )
  UPDATE delivery_recipient AS one SET holder = $1, not_before_ms = ${NOW_MS} + $2::bigint FROM free
   WHERE one.recipient = free.recipient RETURNING one.recipient, one.failures`;
const PAGE = `SELECT seq, id, kind, value, made_ms, due_ms, attempts FROM (
    SELECT *, sum(octet_length(value)) OVER (ORDER BY seq) - octet_length(value) AS before FROM (
      SELECT * FROM delivery WHERE recipient = $1 AND state = 'waiting' ORDER BY seq LIMIT $2
    ) AS oldest
  ) AS page WHERE before < $3::bigint ORDER BY seq`;
const BEGIN = `WITH held AS (
    UPDATE delivery_recipient SET not_before_ms = ${NOW_MS} + $4::bigint WHERE recipient = $1 AND holder = $2
    RETURNING recipient
  ), begun AS (
    UPDATE delivery SET attempts = attempts + 1, at_ms = ${NOW_MS} FROM held
     WHERE seq = $3 AND delivery.recipient = held.recipient AND state = 'waiting' RETURNING attempts
  )
  SELECT (SELECT count(*)::integer FROM held) AS held, (SELECT attempts FROM begun) AS attempts`;
const SETTLE = `UPDATE delivery SET state = $2, why = $3, at_ms = ${NOW_MS},
    value = CASE WHEN $2 = 'delivered' THEN ''::bytea ELSE value END
  WHERE seq = $1 AND state = 'waiting'`;
const RELEASE = `UPDATE delivery_recipient SET holder = NULL, not_before_ms = ${NOW_MS} + $3::bigint, failures = $4
  WHERE recipient = $1 AND holder = $2`;

/**
 * Who is at which recipient. A lease in the recipient's row keeps every other worker away; it is lengthened with each
 * attempt, which none begins without holding it. After a crash it ends by itself. All by the database's clock.
 */
export class LaneStore {
  constructor(private readonly database: Asking) {}

  /** Recipients for whom something waits and whom nobody is at; who has waited longest comes first. */
  async claim({ holder, leaseMs, limit, isFailing, isHolding, recipients }: LaneClaim): Promise<Lane[]> {
    if (limit <= 0) return [];
    const rows = await this.database.query<{ recipient: string; failures: number }>(CLAIM, [
      ...[holder, leaseMs, limit, isFailing, isHolding, recipients ?? null],
    ]);
    return rows.map(({ recipient, failures }) => ({ recipient, failures, holder }));
  }

  /** The oldest that wait for a recipient: one in any case, then as many as have room. */
  async page(recipient: string, limit: number, maxBytes: number): Promise<WaitingDelivery[]> {
    const rows = await this.database.query<WaitingRow>(PAGE, [recipient, limit, maxBytes]);
    return rows.map(({ seq, id, kind, value, made_ms: madeMs, due_ms: dueMs, attempts }) => ({
      ...{ seq, id, kind, value, attempts },
      madeMs: Number(madeMs),
      dueMs: dueMs === null ? undefined : Number(dueMs),
    }));
  }

  /** Counts the attempt before it is made. `lost`: the lease is somebody else's; `ended`: it waits no more. */
  async begin({ recipient, holder }: Lane, seq: string, leaseMs: number): Promise<number | 'lost' | 'ended'> {
    const parameters = [recipient, holder, seq, leaseMs];
    const [row] = await this.database.query<{ held: number; attempts: number | null }>(BEGIN, parameters);
    if (row === undefined || row.held === 0) return 'lost';
    return row.attempts ?? 'ended';
  }

  /** Says what became of the last attempt. One that ended otherwise meanwhile is left. */
  async settle(seq: string, state: DeliveryState, why: string | undefined): Promise<void> {
    await this.database.query(SETTLE, [seq, state, why ?? null]);
  }

  /** Lets the recipient go, to be tried again after the pause. Nothing, if the lease was lost. */
  async release({ recipient, holder }: Lane, pauseMs: number, failures: number): Promise<void> {
    await this.database.query(RELEASE, [recipient, holder, pauseMs, failures]);
  }
}
