import type { Database, Queries } from '#postgres';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { EpochTag } from '../key-store/tag.js';
import type { Question } from './question.js';

type NewQuestion = Omit<Question, 'answer'> & {
  readonly sealed: Buffer;
  /** Of the access that it is about. */
  readonly accessMs: number;
};

/** A person's access: a question belongs to one. */
export interface AccessName extends EpochTag {
  /** Leaf hash of its request. */
  readonly exchange: Buffer;
}

/** An open question as its recipient gets it. */
export interface SealedQuestion {
  readonly question: Question;
  readonly sealed: Buffer;
}

export interface OpenQuery {
  readonly recipient: string;
  /** Only those whose term ended before. */
  readonly dueBeforeMs?: number | undefined;
  /** Behind this id. */
  readonly after?: string | undefined;
  readonly limit: number;
}

interface QuestionRow {
  readonly id: string;
  readonly exchange: Buffer;
  readonly epoch: number;
  readonly tag: Buffer;
  readonly concealed_until: string;
  readonly portal: string;
  readonly recipient: string;
  readonly asked: Buffer;
  readonly asked_ms: string;
  readonly due_ms: string;
  readonly answered: Buffer | null;
  readonly answered_ms: string | null;
  readonly answer_enc: Buffer | null;
  readonly sealed: Buffer | null;
}

/** The key under which the access lies; none once it was erased. By its time, in the order of the primary key. */
const KEY_OF = `SELECT key_id FROM subject_access AS access JOIN commitment USING (log_id, idx, kind, position)
  WHERE epoch = $1 AND tag = $2 AND access.exchange = $3 AND coalesce(concealed_until, 0) = $4
    AND access.ts_ms = $5 AND state <> 'erased' LIMIT 1`;
/** First half of the keys of the locks that let one person ask once at a time; the number means nothing. */
const ASKING_LOCKS = 0x6b667173;
const COLUMNS = `question.id, question.exchange, question.epoch, question.tag, concealed_until, portal, recipient, asked, asked_ms, due_ms,
  answered, answered_ms, answer_enc, sealed`;
const OPEN_OF = `SELECT count(*) AS n FROM question JOIN unnest($1::integer[], $2::bytea[]) AS wanted (epoch, tag)
  USING (epoch, tag) WHERE answered IS NULL`;
const INSERT = `INSERT INTO question (id, exchange, epoch, tag, concealed_until, portal, recipient, asked, asked_ms, due_ms, sealed, key_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (epoch, tag, exchange) WHERE answered IS NULL DO NOTHING
  RETURNING id`;
const OPEN = `SELECT ${COLUMNS} FROM question
  WHERE recipient = $1 AND answered IS NULL AND due_ms < $2 AND id > $3::uuid ORDER BY id LIMIT $4`;
const NEWEST_OF = `SELECT DISTINCT ON (question.epoch, question.tag, question.exchange) ${COLUMNS}
    FROM question JOIN unnest($1::integer[], $2::bytea[], $3::bytea[]) AS wanted (epoch, tag, exchange)
      USING (epoch, tag, exchange)
   ORDER BY question.epoch, question.tag, question.exchange, id DESC`;
const ANSWER = `UPDATE question SET answered = $2, answered_ms = $3, answer_enc = $4, sealed = NULL
  WHERE id = $1 AND answered IS NULL RETURNING id`;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export class QuestionStore {
  constructor(private readonly database: Database) {}

  /**
   * In the caller's transaction. `tags` are the person's in all epochs: one person asks once at a time, so that two at
   * once are not more than `mostOpen`.
   */
  async add(
    queries: Queries,
    question: NewQuestion,
    tags: readonly EpochTag[],
    mostOpen: number,
  ): Promise<'added' | 'open-already' | 'too-many' | 'erased'> {
    await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
    const lock = (tags[0] ?? question).tag.readInt32BE(0);
    await queries.query('SELECT pg_advisory_xact_lock($1, $2)', [ASKING_LOCKS, lock]);
    const [open] = await queries.query<{ n: string }>(OPEN_OF, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
    ]);
    if (Number(open?.n ?? 0) >= mostOpen) return 'too-many';
    const { id, exchange, epoch, tag, concealedUntilMs = 0, portal, recipient, asked } = question;
    const { askedMs, dueMs, sealed } = question;
    const access = [epoch, tag, exchange, concealedUntilMs, question.accessMs];
    const [key] = await queries.query<{ key_id: Buffer }>(KEY_OF, access);
    if (key === undefined) return 'erased';
    const row = [
      id,
      exchange,
      epoch,
      tag,
      concealedUntilMs,
      portal,
      recipient,
      asked,
      askedMs,
      dueMs,
      sealed,
      key.key_id,
    ];
    return (await queries.query(INSERT, row)).length > 0 ? 'added' : 'open-already';
  }

  /** The newest question of each of these accesses, where there is one. */
  async ofAccesses(accesses: readonly AccessName[]): Promise<Question[]> {
    if (accesses.length === 0) return [];
    const rows = await this.database.query<QuestionRow>(NEWEST_OF, [
      accesses.map(({ epoch }) => epoch),
      accesses.map(({ tag }) => tag),
      accesses.map(({ exchange }) => exchange),
    ]);
    return rows.map(questionOf);
  }

  /** The oldest first. */
  async open({ recipient, dueBeforeMs, after, limit }: OpenQuery): Promise<SealedQuestion[]> {
    const rows = await this.database.query<QuestionRow>(OPEN, [
      recipient,
      dueBeforeMs ?? Number.MAX_SAFE_INTEGER,
      after ?? FIRST_ID,
      limit,
    ]);
    return rows.map((row) => ({ question: questionOf(row), sealed: row.sealed ?? Buffer.alloc(0) }));
  }

  /** Of that recipient, open or not. */
  async find(id: string, recipient: string): Promise<SealedQuestion | undefined> {
    const [row] = await this.database.query<QuestionRow>(
      `SELECT ${COLUMNS} FROM question WHERE id = $1 AND recipient = $2`,
      [id, recipient],
    );
    return row && { question: questionOf(row), sealed: row.sealed ?? Buffer.alloc(0) };
  }

  /** In the caller's transaction; false if it has an answer already. */
  async answer(
    queries: Queries,
    id: string,
    { leafHash, atMs, enc }: NonNullable<Question['answer']>,
  ): Promise<boolean> {
    return (await queries.query(ANSWER, [id, leafHash, atMs, enc ?? null])).length > 0;
  }

  /** How many open ones are overdue; counted up to `most`. */
  async overdue(nowMs: number, most: number): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      'SELECT count(*) AS n FROM (SELECT FROM question WHERE answered IS NULL AND due_ms < $1 LIMIT $2) AS late',
      [nowMs, most],
    );
    return Number(row?.n ?? 0);
  }

  /** Overdue ones of which nobody was told. */
  overdueUntold(nowMs: number, limit: number): Promise<readonly { readonly id: string; readonly recipient: string }[]> {
    return this.database.query<{ id: string; recipient: string }>(
      `SELECT id, recipient FROM question WHERE answered IS NULL AND due_ms < $1 AND NOT is_overdue_told
        ORDER BY due_ms LIMIT $2`,
      [nowMs, limit],
    );
  }

  async overdueTold(ids: readonly string[]): Promise<void> {
    await this.database.query('UPDATE question SET is_overdue_told = true WHERE id = ANY($1::uuid[])', [ids]);
  }
}

function questionOf(row: QuestionRow): Question {
  const { id, exchange, epoch, tag, portal, recipient, asked, answered, answer_enc: enc } = row;
  return {
    ...{ id, exchange, epoch, tag, portal, recipient, asked },
    concealedUntilMs: Number(row.concealed_until),
    askedMs: Number(row.asked_ms),
    dueMs: Number(row.due_ms),
    answer:
      answered === null ? undefined : { leafHash: answered, atMs: Number(row.answered_ms), enc: enc ?? undefined },
  };
}
