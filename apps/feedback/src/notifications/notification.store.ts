import { newExchangeId } from '#kernel';
import type { Database, Queries } from '#postgres';
import type { KeptCase, PendingStep } from '../corrections/kept-case.js';
import type { EpochTag } from '../key-store/tag.js';
import { NOW_MS } from './notice-delivery.store.js';
import {
  categoryOf,
  CHANNELS,
  noticeCodeOf,
  type Channel,
  type DeliveryState,
  type NoticeCode,
} from './notification.js';

/** A notification as the inbox has it. */
export interface KeptNotification {
  readonly id: string;
  readonly caseId: string;
  readonly code: NoticeCode;
  readonly category: string;
  readonly publicNumber: string;
  readonly atMs: number;
  readonly readMs: number | undefined;
  readonly deliveries: Readonly<Partial<Record<Channel, DeliveryState>>>;
}

export interface InboxPage {
  readonly portal: string;
  readonly isUnreadOnly: boolean;
  /** `id` of the last one of the page before. */
  readonly before: string | undefined;
  readonly limit: number;
}

interface NotificationRecord {
  readonly id: string;
  readonly case_id: string;
  readonly code: NoticeCode;
  readonly category: string;
  readonly public_number: string;
  readonly at_ms: string;
  readonly read_ms: string | null;
  readonly deliveries: KeptNotification['deliveries'] | null;
}

const ADD = `INSERT INTO notification (id, case_id, seq, code, category, portal, public_number, epoch, tag, key_id, at_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (case_id, seq, code) DO NOTHING RETURNING id`;
const ADD_DELIVERIES = `INSERT INTO notification_delivery (id, notification_id, channel, state, due_ms, made_ms, epoch, tag, key_id)
  SELECT id, $1, channel, 'WAITING', ${NOW_MS}, ${NOW_MS}, $2, $3, $4 FROM unnest($5::uuid[], $6::text[]) AS way (id, channel)`;
const OWN = `notification JOIN unnest($1::integer[], $2::bytea[]) AS person (epoch, tag) USING (epoch, tag)`;
const PAGE = `SELECT id, case_id, code, category, public_number, at_ms, read_ms,
       (SELECT jsonb_object_agg(channel, state) FROM notification_delivery WHERE notification_id = notification.id) AS deliveries
  FROM ${OWN}
 WHERE portal = $3 AND (NOT $4 OR read_ms IS NULL) AND id < $5::uuid ORDER BY id DESC LIMIT $6`;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const READ = `UPDATE notification SET read_ms = coalesce(read_ms, $5)
  FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
 WHERE notification.epoch = person.epoch AND notification.tag = person.tag AND portal = $3 AND id = $4 RETURNING read_ms`;

/** Notifications of persons. Whoever adds one holds the row of its case. */
export class NotificationStore {
  constructor(private readonly database: Database) {}

  /**
   * In the transaction in which the transition stands: the notification and its ways, so that none is lost and none is
   * there twice. Which of them are wanted is judged when it is sent.
   */
  async add(queries: Queries, after: KeptCase, { type, atMs }: Pick<PendingStep, 'type' | 'atMs'>): Promise<void> {
    const code = noticeCodeOf(type);
    // A mass correction is nobody's.
    if (code === undefined || after.details.isMass === true) return;
    const { id: caseId, record, person, keyId } = after;
    const id = newExchangeId();
    const added = await queries.query(ADD, [
      ...[id, caseId, record.seq, code, categoryOf(code), record.portal, record.publicNumber],
      ...[person.epoch, person.tag, keyId, atMs],
    ]);
    if (added.length === 0) return;
    const ids = CHANNELS.map(() => newExchangeId());
    await queries.query(ADD_DELIVERIES, [id, person.epoch, person.tag, keyId, ids, [...CHANNELS]]);
  }

  /** Of these persons at that portal, the newest first. */
  async page(
    tags: readonly EpochTag[],
    { portal, isUnreadOnly, before, limit }: InboxPage,
  ): Promise<KeptNotification[]> {
    const rows = await this.database.query<NotificationRecord>(PAGE, [
      ...columns(tags),
      portal,
      isUnreadOnly,
      before ?? LAST_ID,
      limit,
    ]);
    return rows.map((row) => ({
      ...{ id: row.id, caseId: row.case_id, code: row.code, category: row.category, publicNumber: row.public_number },
      atMs: Number(row.at_ms),
      readMs: row.read_ms === null ? undefined : Number(row.read_ms),
      deliveries: row.deliveries ?? {},
    }));
  }

  /** When it was read first; undefined: there is none with that id for them. */
  async read(tags: readonly EpochTag[], portal: string, id: string, atMs: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ read_ms: string }>(READ, [...columns(tags), portal, id, atMs]);
    return row && Number(row.read_ms);
  }
}

function columns(tags: readonly EpochTag[]): [number[], Buffer[]] {
  return [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag)];
}
