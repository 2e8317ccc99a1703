import type { Queries } from '#postgres';
import { deliveryErrors } from './deliveries.errors.js';
import type { Delivery, DeliveryState, KeptDelivery } from './delivery.js';

type Asking = Pick<Queries, 'query'>;

export interface DeliveryPage {
  /** Of these recipients only; absent: of all. */
  readonly recipients?: readonly string[] | undefined;
  readonly states: readonly DeliveryState[];
  /** `seq` of the last one of the page before. */
  readonly after?: string | undefined;
  /** At most. */
  readonly limit: number;
}

/** What there is that has not ended. */
export interface OutboxSizes {
  readonly waiting: number;
  readonly parked: number;
  /** How long the oldest one has waited; 0 if none waits. */
  readonly oldestMs: number;
}

interface DeliveryRow {
  readonly seq: string;
  readonly id: string;
  readonly recipient: string;
  readonly kind: string;
  readonly value: Buffer;
  readonly made_ms: string;
  readonly due_ms: string | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly why: string | null;
  readonly at_ms: string | null;
}

/** A record of Kafka is a megabyte at most, and there is more in it than this. */
const MAX_VALUE_BYTES = 768 * 1024;
/** First half of the keys of the locks that keep the order of adding; the number means nothing. */
const ORDER_LOCKS = 0x6b64656c;
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

const ADD_RECIPIENTS = `INSERT INTO delivery_recipient (recipient) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`;
// One after the other, in the order of the keys: who waits holds none that somebody before it waits for.
const LOCK_ORDER = `SELECT pg_advisory_xact_lock($2, key) FROM (
    SELECT DISTINCT hashtext(recipient) AS key FROM unnest($1::text[]) AS one (recipient) ORDER BY key
  ) AS keys`;
const ADD = `INSERT INTO delivery (id, recipient, kind, value, due_ms, made_ms)
  SELECT id, recipient, kind, value, due_ms, ${NOW_MS}
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
      WITH ORDINALITY AS added (id, recipient, kind, value, due_ms, place)
   ORDER BY place ON CONFLICT (id) DO NOTHING`;
const COLUMNS = 'seq, id, recipient, kind, value, made_ms, due_ms, state, attempts, why, at_ms';
const FIND = `SELECT ${COLUMNS} FROM delivery WHERE id = $1`;
const LIST = `SELECT ${COLUMNS} FROM delivery
  WHERE state = ANY($1::text[]) AND ($2::text[] IS NULL OR recipient = ANY($2::text[])) AND seq > $3::bigint
  ORDER BY seq LIMIT $4`;

/**
 * What is to be delivered, in the app's own database. Once the transaction of an `add` is committed, it is delivered at
 * least once, whatever crashes; of a transaction that is not, nobody ever hears.
 *
 * Order: what one transaction adds for a recipient before another does, goes first. For that, whoever adds for a
 * recipient waits for the end of who did before; so add last, and in one call.
 */
export class Outbox {
  /** In the caller's transaction. One whose id is there already is left as it is. Wake the worker after the commit. */
  async add(queries: Asking, deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    if (deliveries.some(({ value }) => value.length > MAX_VALUE_BYTES))
      throw deliveryErrors.error('delivery-too-large', { details: { kinds: deliveries.map(({ kind }) => kind) } });
    const recipients = [...new Set(deliveries.map(({ recipient }) => recipient))].sort();
    await queries.query(ADD_RECIPIENTS, [recipients]);
    await queries.query(LOCK_ORDER, [recipients, ORDER_LOCKS]);
    await queries.query(ADD, [
      deliveries.map(({ id }) => id),
      deliveries.map(({ recipient }) => recipient),
      deliveries.map(({ kind }) => kind),
      deliveries.map(({ value }) => Buffer.from(value)),
      deliveries.map(({ dueMs }) => dueMs ?? null),
    ]);
  }

  /** In the order of adding; the value of one that has ended is empty. */
  async list(queries: Asking, page: DeliveryPage): Promise<KeptDelivery[]> {
    const { recipients, states, after = '0', limit } = page;
    const rows = await queries.query<DeliveryRow>(LIST, [states, recipients ?? null, after, limit]);
    return rows.map(kept);
  }

  parked(queries: Asking, page: Omit<DeliveryPage, 'states'>): Promise<KeptDelivery[]> {
    return this.list(queries, { ...page, states: ['parked'] });
  }

  async find(queries: Asking, id: string): Promise<KeptDelivery | undefined> {
    const [row] = await queries.query<DeliveryRow>(FIND, [id]);
    return row === undefined ? undefined : kept(row);
  }

  /**
   * Tries a parked one again, with all its attempts before it and at once: in its old place, so before all that was
   * added later and still waits. False if it is not parked (any more), or not for one of `recipients`.
   */
  async replay(queries: Asking, id: string, recipients?: readonly string[]): Promise<boolean> {
    const rows = await queries.query(
      `WITH replayed AS (
         UPDATE delivery SET state = 'waiting', attempts = 0, at_ms = ${NOW_MS}
          WHERE id = $1 AND state = 'parked' AND ($2::text[] IS NULL OR recipient = ANY($2::text[])) RETURNING recipient
       ), rested AS (
         UPDATE delivery_recipient SET not_before_ms = 0, failures = 0
          WHERE recipient IN (SELECT recipient FROM replayed) AND holder IS NULL
       ) SELECT recipient FROM replayed`,
      [id, recipients ?? null],
    );
    return rows.length > 0;
  }

  /** Ends a parked one undelivered, for a reason that stays beside it. False as for `replay`. */
  discard(queries: Asking, id: string, reason: string, recipients?: readonly string[]): Promise<boolean> {
    return end(queries, { id, recipients, from: 'parked', to: 'discarded', why: reason });
  }

  /** Ends one that waits, for a recipient that fetches what is its own. False if it does not wait (any more). */
  acknowledge(queries: Asking, id: string, recipients?: readonly string[]): Promise<boolean> {
    return end(queries, { id, recipients, from: 'waiting', to: 'delivered', why: null });
  }

  async sizes(queries: Asking): Promise<OutboxSizes> {
    const [row] = await queries.query<{ waiting: string; parked: string; oldest_ms: string | null }>(
      `SELECT count(*) AS waiting, ${NOW_MS} - min(made_ms) AS oldest_ms,
              (SELECT count(*) FROM delivery WHERE state = 'parked') AS parked
         FROM delivery WHERE state = 'waiting'`,
    );
    const { waiting = 0, parked = 0, oldest_ms: oldestMs = 0 } = row ?? {};
    return { waiting: Number(waiting), parked: Number(parked), oldestMs: Number(oldestMs ?? 0) };
  }

  /** What one recipient has not got of one kind, whether it waits or is parked, and how long the oldest has been there. */
  async owed(queries: Asking, recipient: string, kind: string): Promise<{ number: number; oldestMs: number }> {
    const [row] = await queries.query<{ number: string; oldest_ms: string | null }>(
      `SELECT count(*) AS number, ${NOW_MS} - min(made_ms) AS oldest_ms FROM (
         SELECT made_ms, kind FROM delivery WHERE recipient = $1 AND state = 'waiting'
         UNION ALL SELECT made_ms, kind FROM delivery WHERE recipient = $1 AND state = 'parked'
       ) AS open WHERE kind = $2`,
      [recipient, kind],
    );
    return { number: Number(row?.number ?? 0), oldestMs: Math.max(0, Number(row?.oldest_ms ?? 0)) };
  }

  /** Removes those that ended longer ago, oldest first; how many of `limit`. */
  async removeEnded(queries: Asking, keepMs: number, limit: number): Promise<number> {
    const rows = await queries.query(
      `DELETE FROM delivery WHERE seq IN (
         SELECT seq FROM delivery WHERE state IN ('delivered', 'discarded') AND at_ms < ${NOW_MS} - $1::bigint
          ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING 1 AS one`,
      [keepMs, limit],
    );
    return rows.length;
  }
}

interface Ending {
  readonly id: string;
  readonly recipients: readonly string[] | undefined;
  readonly from: DeliveryState;
  readonly to: DeliveryState;
  readonly why: string | null;
}

async function end(queries: Asking, { id, recipients, from, to, why }: Ending): Promise<boolean> {
  const rows = await queries.query(
    `UPDATE delivery SET state = $4, value = '', why = $5, at_ms = ${NOW_MS}
      WHERE id = $1 AND state = $3 AND ($2::text[] IS NULL OR recipient = ANY($2::text[])) RETURNING seq`,
    [id, recipients ?? null, from, to, why],
  );
  return rows.length > 0;
}

function kept(row: DeliveryRow): KeptDelivery {
  const { seq, id, recipient, kind, value, state, attempts } = row;
  return {
    ...{ seq, id, recipient, kind, value, state, attempts },
    madeMs: Number(row.made_ms),
    dueMs: row.due_ms === null ? undefined : Number(row.due_ms),
    why: row.why ?? undefined,
    atMs: row.at_ms === null ? undefined : Number(row.at_ms),
  };
}
