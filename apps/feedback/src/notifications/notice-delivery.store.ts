import type { Database } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';
import type { Channel, DeliveryState, NoticeCode } from './notification.js';
import type { Verdict } from './transmission.js';

/** Leases and pauses go by the database's clock, which all processes share. */
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** A delivery that this process holds until its lease ends, with what it is about. */
export interface ClaimedDelivery {
  readonly id: string;
  /** Of this claim alone. */
  readonly holder: string;
  readonly channel: Channel;
  /** This one included. */
  readonly attempts: number;
  /** Since it was made. */
  readonly ageMs: number;
  readonly code: NoticeCode;
  readonly category: string;
  readonly portal: string;
  readonly publicNumber: string;
  readonly caseId: string;
  readonly person: EpochTag;
  /** Of its case; undefined: the case is erased. */
  readonly subjectEnc: Buffer | undefined;
}

interface ClaimedRecord {
  readonly id: string;
  readonly attempts: number;
  readonly age_ms: string;
  readonly code: NoticeCode;
  readonly category: string;
  readonly portal: string;
  readonly public_number: string;
  readonly case_id: string;
  readonly epoch: number;
  readonly tag: Buffer;
  readonly subject_enc: Buffer | null;
}

export interface DeliverySizes {
  /** Not ended, counted up to 10,000. */
  readonly waiting: number;
  /** How long that one is due for which nobody has had time longest; pauses after failures are not counted. */
  readonly overdueMs: number;
}

const CLAIM = `WITH free AS (
    SELECT id FROM notification_delivery WHERE channel = $1 AND state = 'WAITING' AND due_ms <= ${NOW_MS}
     ORDER BY due_ms LIMIT $4 FOR UPDATE SKIP LOCKED
  ), held AS (
    UPDATE notification_delivery AS one
       SET holder = $2, due_ms = ${NOW_MS} + $3::bigint, attempts = attempts + 1, at_ms = ${NOW_MS}
      FROM free WHERE one.id = free.id RETURNING one.id, one.attempts, ${NOW_MS} - one.made_ms AS age_ms, one.notification_id
  )
  SELECT held.id, attempts, age_ms, code, category, told.portal, told.public_number, case_id, told.epoch, told.tag, subject_enc
    FROM held JOIN notification AS told ON told.id = notification_id
    LEFT JOIN correction_case ON correction_case.id = case_id`;
const BEGIN = `UPDATE notification_delivery SET state = 'SENDING', due_ms = ${NOW_MS} + $3::bigint
  WHERE id = $1 AND holder = $2 AND state = 'WAITING' RETURNING id`;
const SETTLE = `UPDATE notification_delivery
    SET state = $3, why = $4, due_ms = ${NOW_MS} + $5::bigint, at_ms = ${NOW_MS}, holder = NULL
  WHERE id = $1 AND holder = $2 AND state IN ('WAITING', 'SENDING') RETURNING id`;
const RECOVER = `UPDATE notification_delivery
    SET state = CASE WHEN channel <> 'push' THEN 'UNCERTAIN' WHEN made_ms <= ${NOW_MS} - $2::bigint THEN 'FAILED' ELSE 'WAITING' END,
        why = 'interrupted', due_ms = ${NOW_MS}, at_ms = ${NOW_MS}, holder = NULL
  WHERE channel = $1 AND state = 'SENDING' AND due_ms <= ${NOW_MS} RETURNING id, state`;
const SIZES = `SELECT count(*) AS waiting, greatest(${NOW_MS} - min(due_ms), 0) AS overdue FROM (
    SELECT due_ms FROM notification_delivery WHERE channel = $1 AND state IN ('WAITING', 'SENDING')
     ORDER BY due_ms LIMIT 10000) AS open`;

/** Who is at which delivery. After a crash a lease ends by itself. */
export class NoticeDeliveryStore {
  constructor(private readonly database: Database) {}

  /** Deliveries whose time has come and whom nobody is at; counted as an attempt each. */
  async claim(channel: Channel, holder: string, leaseMs: number, limit: number): Promise<ClaimedDelivery[]> {
    const rows = await this.database.query<ClaimedRecord>(CLAIM, [channel, holder, leaseMs, limit]);
    return rows.map((row) => ({
      ...{ id: row.id, holder, channel, attempts: row.attempts, ageMs: Number(row.age_ms) },
      ...{ code: row.code, category: row.category },
      ...{ portal: row.portal, publicNumber: row.public_number, caseId: row.case_id },
      person: { epoch: row.epoch, tag: row.tag },
      subjectEnc: row.subject_enc ?? undefined,
    }));
  }

  /** Before anything leaves this process: what a crash leaves from here on may have arrived. False: it is not ours. */
  async begin({ id, holder }: ClaimedDelivery, leaseMs: number): Promise<boolean> {
    return (await this.database.query(BEGIN, [id, holder, leaseMs])).length > 0;
  }

  /** False: the lease was lost, and somebody else has said what became of it. */
  async settle({ id, holder }: ClaimedDelivery, { state, why, pauseMs }: Verdict): Promise<boolean> {
    return (await this.database.query(SETTLE, [id, holder, state, why ?? null, pauseMs])).length > 0;
  }

  /** What whoever began to send has left behind: only a push goes again. */
  recover(channel: Channel, giveUpMs: number): Promise<{ readonly id: string; readonly state: DeliveryState }[]> {
    return this.database.query<{ id: string; state: DeliveryState }>(RECOVER, [channel, giveUpMs]);
  }

  async sizes(channel: Channel): Promise<DeliverySizes> {
    const [row] = await this.database.query<{ waiting: string; overdue: string }>(SIZES, [channel]);
    return { waiting: Number(row?.waiting), overdueMs: Number(row?.overdue) };
  }
}
