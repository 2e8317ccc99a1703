import type { RecipientAction, RecipientReason } from '#signing';
import type { Delivery } from '#deliveries';
import type { SubsystemId } from '#kernel';
import type { Database, Queries } from '#postgres';
import type { KeptCase } from './kept-case.js';
import { noticesOf } from './notice-id.js';

/** What a member was told under an id of its own, and what it has answered. */
export interface KeptNotice {
  readonly id: string;
  readonly caseId: string;
  readonly recipient: SubsystemId;
  /** It was told that the value is doubted again; there is nothing to answer. */
  readonly isReopened: boolean;
  /** The member was told something newer of the same case. */
  readonly isPast: boolean;
  readonly dueMs: number | undefined;
  /** As it was delivered, until it is answered; undefined also if the member has no key to seal for. */
  readonly sealed: Buffer | undefined;
  readonly answer: NoticeAnswer | undefined;
}

export interface NoticeAnswer {
  readonly action: RecipientAction;
  readonly reason: RecipientReason | undefined;
  readonly leaf: Buffer;
  readonly atMs: number;
}

interface NoticeRow {
  readonly id: string;
  readonly case_id: string;
  readonly recipient: SubsystemId;
  readonly is_reopened: boolean;
  readonly is_past: boolean;
  readonly due_ms: string | null;
  readonly sealed: Buffer | null;
  readonly action: RecipientAction | null;
  readonly reason: RecipientReason | null;
  readonly acked_leaf: Buffer | null;
  readonly acked_ms: string | null;
}

const ADD = `INSERT INTO correction_notice (id, case_id, recipient, is_reopened, seq, due_ms, sealed, epoch, tag, key_id)
  SELECT id, $1, recipient, $2, $3, due_ms, sealed, $4, $5, $6
    FROM unnest($7::uuid[], $8::text[], $9::bigint[], $10::bytea[]) AS notice (id, recipient, due_ms, sealed)
  ON CONFLICT DO NOTHING`;
const NEWER = `EXISTS (SELECT FROM correction_notice AS newer WHERE newer.case_id = notice.case_id
                  AND newer.recipient = notice.recipient AND newer.seq > notice.seq)`;
const SELECT = `SELECT id, case_id, recipient, is_reopened, due_ms, sealed, action, reason, acked_leaf, acked_ms,
       ${NEWER} AS is_past
  FROM correction_notice AS notice`;
const FIND = `${SELECT} WHERE id = $1`;
const OPEN = `${SELECT} WHERE recipient = $1 AND acked_leaf IS NULL AND id > $2::uuid AND NOT ${NEWER}
    AND (NOT is_reopened OR EXISTS (SELECT FROM correction_case AS own
           WHERE own.id = notice.case_id AND own.state NOT IN ('CLOSED', 'WITHDRAWN', 'REJECTED'))) ORDER BY id LIMIT $3`;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const ANSWERED = `UPDATE correction_notice SET action = $2, reason = $3, acked_leaf = $4, acked_ms = $5, sealed = NULL
  WHERE id = $1 AND acked_leaf IS NULL AND NOT EXISTS (SELECT FROM correction_notice WHERE acked_leaf = $4) RETURNING id`;

/** What members were told of corrections. Whoever writes here holds the row of the case. */
export class NoticeStore {
  constructor(private readonly database: Database) {}

  /** In the transaction in which the transition stands; `told` holds what was sealed under these ids. */
  async add(queries: Queries, nameKey: Uint8Array, after: KeptCase, told: readonly Delivery[]): Promise<void> {
    const { id, record, person, keyId } = after;
    const deliveries = new Map(told.map((delivery) => [delivery.id, delivery]));
    const { seq } = record;
    const notices = noticesOf(nameKey, record, seq).map((notice) => ({
      ...notice,
      delivery: deliveries.get(notice.id),
    }));
    await queries.query(ADD, [
      ...[id, record.state === 'REOPENED', seq, person.epoch, person.tag, keyId],
      notices.map((notice) => notice.id),
      notices.map(({ subsystem }) => subsystem),
      notices.map(({ delivery }) => delivery?.dueMs ?? null),
      notices.map(({ delivery }) => (delivery === undefined ? null : Buffer.from(delivery.value))),
    ]);
  }

  async find(id: string): Promise<KeptNotice | undefined> {
    const [row] = await this.database.query<NoticeRow>(FIND, [id]);
    return row && keptNotice(row);
  }

  /** What a member was told last of each case, and has not answered; by id, which tells nothing of their order. */
  async open(recipient: SubsystemId, after: string | undefined, limit: number): Promise<KeptNotice[]> {
    const rows = await this.database.query<NoticeRow>(OPEN, [recipient, after ?? FIRST_ID, limit]);
    return rows.map(keptNotice);
  }

  /** False if it has an answer by now, or that statement has answered another. */
  async answered(queries: Queries, id: string, { action, reason, leaf, atMs }: NoticeAnswer): Promise<boolean> {
    return (await queries.query(ANSWERED, [id, action, reason ?? null, leaf, atMs])).length > 0;
  }
}

function keptNotice(row: NoticeRow): KeptNotice {
  const { id, recipient, sealed, action, reason, acked_leaf: leaf } = row;
  return {
    ...{ id, recipient, caseId: row.case_id, isReopened: row.is_reopened, isPast: row.is_past },
    dueMs: row.due_ms === null ? undefined : Number(row.due_ms),
    sealed: sealed ?? undefined,
    answer:
      action === null || leaf === null
        ? undefined
        : { action, reason: reason ?? undefined, leaf, atMs: Number(row.acked_ms) },
  };
}
