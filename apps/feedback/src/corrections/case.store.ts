import type { CaseRecord } from '#corrections';
import type { Database, Queries } from '#postgres';
import { STEP_ORDER_LOCK } from '../ingest-lock.js';
import type { EpochTag } from '../key-store/tag.js';
import type { StatedRow } from '../log-follower/leaf-row.js';
import type { CaseDetails, KeptCase, PendingStep } from './kept-case.js';

/** A case that is filed; its first transition is pending. */
export interface NewCase extends Omit<KeptCase, 'pending' | 'isAstray' | 'workMs'> {
  readonly pending: PendingStep;
  readonly leaf: Buffer;
  /** The request as only the gateway that filed it opens it. */
  readonly portalCopy?: Buffer | undefined;
}

/** `correctedSeq`: of the transition by which its owner has said last what it wrote. */
export interface UnverifiedCase extends KeptCase {
  readonly correctedSeq: number;
}

export interface CasePage {
  readonly states: readonly string[] | undefined;
  /** `id` of the last one of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** A transition as it stands in the log. */
export interface CaseStep {
  /** Rises in the order in which feedback saw them in the log; a cursor. */
  readonly n: string;
  readonly caseId: string;
  readonly seq: number;
  readonly leafHash: Buffer;
  readonly type: string;
  readonly was: string;
  readonly now: string;
  readonly why: string | undefined;
  readonly atMs: number;
  readonly dueMs: number | undefined;
}

interface CaseRow {
  readonly id: string;
  readonly record: CaseRecord;
  readonly deadlines: KeptCase['deadlines'];
  readonly details: CaseDetails;
  readonly epoch: number;
  readonly tag: Buffer;
  readonly key_id: Buffer;
  readonly subject_enc: Buffer;
  readonly content_id: string;
  readonly sealed: Buffer | null;
  readonly pending: PendingStep | null;
  readonly pending_leaf: Buffer | null;
  readonly pending_sealed: Buffer | null;
  readonly is_astray: boolean;
  readonly filed_ms: string;
  readonly work_ms: string | null;
}

interface StepRow {
  readonly n: string;
  readonly case_id: string;
  readonly seq: number;
  readonly leaf_hash: Buffer;
  readonly type: string;
  readonly was: string;
  readonly now: string;
  readonly why: string | null;
  readonly at_ms: string;
  readonly due_ms: string | null;
}

const COLUMNS = `id, record, deadlines, details, epoch, tag, key_id, subject_enc, content_id, sealed, pending, pending_leaf,
  pending_sealed, is_astray, filed_ms, work_ms`;
const STEP_COLUMNS = 'n, case_id, seq, leaf_hash, type, was, now, why, at_ms, due_ms';
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const ENDED = ['CLOSED', 'WITHDRAWN'];
const ADD = `INSERT INTO correction_case (id, public_number, portal, owner, state, record, deadlines, details, epoch, tag,
    key_id, subject_enc, content_id, sealed, pending, pending_leaf, filed_ms, changed_ms, portal_copy)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18)`;
const COUNT = `INSERT INTO correction_count (country, year, n) VALUES ($1, $2, 1)
  ON CONFLICT (country, year) DO UPDATE SET n = correction_count.n + 1 RETURNING n`;
const PENDING = `UPDATE correction_case SET pending = $2, pending_leaf = $3, pending_sealed = $4, changed_ms = $5
  WHERE id = $1 AND pending IS NULL RETURNING id`;
/** What the log shows counts from now on; the worker looks at once what follows. */
const STAND = `UPDATE correction_case SET owner = $2, portal = $3, state = $4, record = $5, deadlines = $6, details = $10,
    content_id = $7, sealed = $8, portal_copy = CASE WHEN $8::bytea IS NULL THEN NULL ELSE portal_copy END, pending = NULL, pending_leaf = NULL, pending_sealed = NULL, work_ms = 0, changed_ms = $9 WHERE id = $1`;
const STEP = `INSERT INTO correction_step (case_id, seq, leaf_hash, type, was, now, why, portal, owner, service, at_ms, due_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`;
const LOGGED = `SELECT id FROM correction_case JOIN own_statement ON leaf_hash = pending_leaf
  WHERE pending_leaf IS NOT NULL AND (idx IS NOT NULL OR is_given_up) AND NOT is_astray
  ORDER BY (pending->'signals') ? 'data.undisputed' DESC, changed_ms LIMIT $1`;
const WORK = `SELECT id FROM correction_case WHERE pending IS NULL AND work_ms <= $1 AND NOT is_astray
  ORDER BY work_ms LIMIT $2`;
const UNVERIFIED = `SELECT ${COLUMNS}, (SELECT max(seq) FROM correction_step
    WHERE case_id = id AND type = 'correction.corrected') AS corrected_seq FROM correction_case
  WHERE portal = $1 AND state IN ('CORRECTED', 'PROPAGATING', 'CLOSED') AND id > $2::uuid
    AND record ? 'correction' AND NOT details ?| '{verification,isMass}' AND NOT is_astray
    AND (record->'correction'->>'effectiveFromMs')::bigint <= $4 ORDER BY id LIMIT $3`;
const RIVAL = `UPDATE correction_case SET is_astray = true
    FROM unnest($1::uuid[], $2::integer[], $3::bytea[]) AS leaf (id, seq, hash)
   WHERE correction_case.id = leaf.id AND NOT is_astray
     AND ((pending_leaf IS NOT NULL AND (pending->'record'->>'seq')::integer = leaf.seq AND pending_leaf <> leaf.hash)
       OR (pending_leaf IS NULL AND (record->>'seq')::integer < leaf.seq))`;

/** Cases, each with its transitions. Every change goes through a row lock, so that two who act at once act one by one. */
export class CaseStore {
  constructor(private readonly database: Database) {}

  transaction<Done>(work: (queries: Queries) => Promise<Done>): Promise<Done> {
    return this.database.transaction(work);
  }

  /** The next of the cases of that country and year, from 1; a transaction that is not committed leaves a gap at most. */
  async count(queries: Queries, country: string, year: number): Promise<number> {
    const [row] = await queries.query<{ n: string }>(COUNT, [country, year]);
    return Number(row?.n);
  }

  async add(queries: Queries, one: NewCase): Promise<void> {
    const { id, record, deadlines, details, person, keyId, subjectEnc, contentId, sealed, pending, leaf, filedMs } =
      one;
    await queries.query(ADD, [
      ...[id, record.publicNumber, record.portal, record.owner, record.state],
      ...[JSON.stringify(record), JSON.stringify(deadlines), JSON.stringify(details)],
      ...[
        person.epoch,
        person.tag,
        keyId,
        subjectEnc,
        contentId,
        sealed ?? null,
        JSON.stringify(pending),
        leaf,
        filedMs,
        one.portalCopy ?? null,
      ],
    ]);
  }

  async find(id: string): Promise<KeptCase | undefined> {
    const [row] = await this.database.query<CaseRow>(`SELECT ${COLUMNS} FROM correction_case WHERE id = $1`, [id]);
    return row && keptCase(row);
  }

  /** Nobody else changes it before the end of the transaction. */
  async lock(queries: Queries, id: string): Promise<KeptCase | undefined> {
    const [row] = await queries.query<CaseRow>(`SELECT ${COLUMNS} FROM correction_case WHERE id = $1 FOR UPDATE`, [id]);
    return row && keptCase(row);
  }

  /** Cases of a person, by their tags in all epochs; the newest first. */
  async ofPerson(
    tags: readonly EpochTag[],
    { isOpen }: { readonly isOpen: boolean },
    queries: Pick<Queries, 'query'> = this.database,
  ): Promise<KeptCase[]> {
    const rows = await queries.query<CaseRow>(
      `SELECT ${COLUMNS} FROM correction_case JOIN unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
         USING (epoch, tag) WHERE NOT ($3 AND state = ANY($4::text[])) ORDER BY id DESC LIMIT 1000`,
      [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag), isOpen, ENDED],
    );
    return rows.map(keptCase);
  }

  /** How many cases of a person have not ended; one whose first transition is on its way is one of them. */
  async countOpen(tags: readonly EpochTag[]): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      `SELECT count(*) AS n FROM correction_case JOIN unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
         USING (epoch, tag) WHERE state <> ALL($3::text[])`,
      [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag), ENDED],
    );
    return Number(row?.n);
  }

  /** Mass corrections of an owner that have not ended. */
  async countMass(owner: string, queries: Pick<Queries, 'query'> = this.database): Promise<number> {
    const [row] = await queries.query<{ n: string }>(
      `SELECT count(*) AS n FROM correction_case WHERE portal = $1 AND state <> ALL($2::text[]) AND details ? 'isMass'`,
      [owner, ENDED],
    );
    return Number(row?.n);
  }

  /** Of these owners, the oldest first; no whole, which is its parts, and none before its first leaf. */
  async page(owners: readonly string[], { states, after, limit }: CasePage): Promise<KeptCase[]> {
    const rows = await this.database.query<CaseRow>(
      `SELECT ${COLUMNS} FROM correction_case WHERE owner = ANY($1::text[]) AND ($2::text[] IS NULL OR state = ANY($2))
          AND id > $3::uuid AND (record->>'seq')::integer > 0 AND NOT details ? 'parts' ORDER BY id LIMIT $4`,
      [owners, states ?? null, after ?? FIRST_ID, limit],
    );
    return rows.map(keptCase);
  }

  /** Of a portal: what was corrected, holds by now, and was not looked at since, the oldest first; no batch of an owner. */
  async unverified(portal: string, after: string | undefined, limit: number, nowMs: number): Promise<UnverifiedCase[]> {
    const row = [portal, after ?? FIRST_ID, limit, nowMs];
    const rows = await this.database.query<CaseRow & { corrected_seq: number | null }>(UNVERIFIED, row);
    return rows.map((found) => ({ ...keptCase(found), correctedSeq: found.corrected_seq ?? 0 }));
  }

  /** Those of these cases that this portal filed. */
  async ofPortal(portal: string, ids: readonly string[]): Promise<KeptCase[]> {
    const rows = await this.database.query<CaseRow>(
      `SELECT ${COLUMNS} FROM correction_case WHERE portal = $1 AND id = ANY($2::uuid[])`,
      [portal, ids],
    );
    return rows.map(keptCase);
  }

  /** States of cases by their ids; those that there are not are missing. */
  async statesOf(ids: readonly string[]): Promise<Readonly<Record<string, CaseRecord['state']>>> {
    const rows = await this.database.query<{ id: string; state: CaseRecord['state'] }>(
      'SELECT id, state FROM correction_case WHERE id = ANY($1::uuid[])',
      [ids],
    );
    return Object.fromEntries(rows.map(({ id, state }) => [id, state]));
  }

  /** False if another transition is on its way. */
  async suspend(queries: Queries, id: string, pending: PendingStep, leaf: Buffer, sealed?: Buffer): Promise<boolean> {
    const row = [id, JSON.stringify(pending), leaf, sealed ?? null, pending.atMs];
    return (await queries.query(PENDING, row)).length > 0;
  }

  /**
   * First of all in the transaction that lets a transition stand: numbers of transitions are given one transaction after
   * the other, so that whoever pulls them by number misses none.
   */
  async inOrder(queries: Queries): Promise<void> {
    await queries.query('SELECT pg_advisory_xact_lock($1)', [STEP_ORDER_LOCK]);
  }

  /** The pending transition of a locked case stands in the log. */
  async stand(queries: Queries, { id, pending, record: before }: KeptCase, after: KeptCase): Promise<void> {
    if (pending === undefined) return;
    const { record, deadlines, details, contentId, sealed } = after;
    await queries.query(STAND, [
      ...[id, record.owner, record.portal, record.state, JSON.stringify(record), JSON.stringify(deadlines)],
      ...[contentId, sealed ?? null, pending.atMs, JSON.stringify(details)],
    ]);
    await queries.query(STEP, [
      ...[id, record.seq, pending.leaf, pending.type, before.state, record.state, pending.why ?? null],
      ...[record.portal, record.owner, record.service, pending.atMs, pending.dueMs ?? null],
    ]);
  }

  /** No log has taken it in a day: it never was. Of the first transition the case goes with it. */
  async drop(queries: Queries, { id, record }: KeptCase): Promise<void> {
    await queries.query(
      `UPDATE correction_case SET pending = NULL, pending_leaf = NULL, pending_sealed = NULL, work_ms = $2,
         state = CASE WHEN $3 = 0 THEN 'WITHDRAWN' ELSE state END WHERE id = $1`,
      [id, record.seq === 0 ? null : 0, record.seq],
    );
  }

  /** What a recipient has said is no link of the chain: it counts at once. */
  async acknowledged(queries: Queries, id: string, record: CaseRecord): Promise<void> {
    await queries.query('UPDATE correction_case SET record = $2, work_ms = 0 WHERE id = $1', [
      id,
      JSON.stringify(record),
    ]);
  }

  /** The list of who is told, closed under the person's key; undefined: there is no key any more. */
  async keepList(queries: Queries, id: string, list: Buffer | undefined): Promise<void> {
    await queries.query('UPDATE correction_case SET recipients_enc = $2 WHERE id = $1', [id, list ?? null]);
  }

  async listOf(id: string): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ recipients_enc: Buffer | null }>(
      'SELECT recipients_enc FROM correction_case WHERE id = $1',
      [id],
    );
    return row?.recipients_enc ?? undefined;
  }

  /** Parties other than owner and portal have passed to a successor; nothing is stated. */
  async replaced(queries: Queries, id: string, record: CaseRecord): Promise<void> {
    await queries.query('UPDATE correction_case SET record = $2 WHERE id = $1', [id, JSON.stringify(record)]);
  }

  async detailed(queries: Queries, id: string, details: CaseDetails): Promise<void> {
    await queries.query('UPDATE correction_case SET details = $2 WHERE id = $1', [id, JSON.stringify(details)]);
  }

  /** Cases whose datum is flagged, behind this one. */
  async disputed(after: string | undefined, limit: number): Promise<KeptCase[]> {
    const rows = await this.database.query<CaseRow>(
      `SELECT ${COLUMNS} FROM correction_case WHERE (record->>'isDisputed')::boolean AND id > $1::uuid ORDER BY id LIMIT $2`,
      [after ?? FIRST_ID, limit],
    );
    return rows.map(keptCase);
  }

  /** When the case is to be looked at again; undefined: never, unless something happens. */
  async workAt(queries: Queries, id: string, atMs: number | undefined): Promise<void> {
    await queries.query('UPDATE correction_case SET work_ms = $2 WHERE id = $1', [id, atMs ?? null]);
  }

  /** Have it looked at now. */
  async workNow(queries: Queries, ids: readonly string[]): Promise<void> {
    await queries.query('UPDATE correction_case SET work_ms = 0 WHERE id = ANY($1::uuid[])', [ids]);
  }

  /** Cases whose pending transition the log shows, or will never show; the end of a flag, which has a second, first. */
  async settled(limit: number): Promise<string[]> {
    return (await this.database.query<{ id: string }>(LOGGED, [limit])).map(({ id }) => id);
  }

  /** Cases in which feedback may have something to do. */
  async due(nowMs: number, limit: number): Promise<string[]> {
    return (await this.database.query<{ id: string }>(WORK, [nowMs, limit])).map(({ id }) => id);
  }

  /** Where the statement of the pending transition stands. */
  async isLogged(queries: Queries, leaf: Buffer): Promise<boolean> {
    const [row] = await queries.query<{ idx: string | null }>('SELECT idx FROM own_statement WHERE leaf_hash = $1', [
      leaf,
    ]);
    return row !== undefined && row.idx !== null;
  }

  async steps(caseId: string): Promise<CaseStep[]> {
    const rows = await this.database.query<StepRow>(
      `SELECT ${STEP_COLUMNS} FROM correction_step WHERE case_id = $1 ORDER BY seq`,
      [caseId],
    );
    return rows.map(caseStep);
  }

  /** Transitions of the cases that a portal filed, in the order in which the log showed them. */
  async stepsFor(portal: string, after: string, limit: number): Promise<CaseStep[]> {
    const rows = await this.database.query<StepRow>(
      `SELECT ${STEP_COLUMNS} FROM correction_step WHERE portal = $1 AND n > $2::bigint ORDER BY n LIMIT $3`,
      [portal, after, limit],
    );
    return rows.map(caseStep);
  }
}

/** In the transaction that takes leaves in: a transition of a case of ours that was never judged here stops it. */
export async function noteRivals(queries: Queries, stated: readonly StatedRow[]): Promise<void> {
  const steps = stated.flatMap(({ leafHash, payload }) =>
    'seq' in payload ? [{ id: payload.id, seq: payload.seq, leafHash }] : [],
  );
  if (steps.length === 0) return;
  await queries.query(RIVAL, [
    steps.map(({ id }) => id),
    steps.map(({ seq }) => seq),
    steps.map(({ leafHash }) => leafHash),
  ]);
}

function keptCase(row: CaseRow): KeptCase {
  const { id, record, deadlines, details, epoch, tag, pending, pending_leaf: leaf } = row;
  return {
    ...{ id, record, deadlines, details, person: { epoch, tag } },
    keyId: row.key_id,
    subjectEnc: row.subject_enc,
    contentId: row.content_id,
    sealed: row.sealed ?? undefined,
    pending:
      pending === null || leaf === null ? undefined : { ...pending, leaf, sealed: row.pending_sealed ?? undefined },
    isAstray: row.is_astray,
    filedMs: Number(row.filed_ms),
    workMs: row.work_ms === null ? undefined : Number(row.work_ms),
  };
}

function caseStep(row: StepRow): CaseStep {
  const { n, seq, type, was, now } = row;
  return {
    ...{ n, seq, type, was, now, caseId: row.case_id, leafHash: row.leaf_hash, why: row.why ?? undefined },
    atMs: Number(row.at_ms),
    dueMs: row.due_ms === null ? undefined : Number(row.due_ms),
  };
}
