import type { Database, Queries } from '#postgres';
import type { CaseStore } from '../case.store.js';
import type { KeptCase } from '../kept-case.js';

export const OVERSIGHT_ROLES = ['supervisor', 'operator', 'auditor'] as const;
export type OversightRole = (typeof OVERSIGHT_ROLES)[number];

export interface Overseeing {
  readonly by: string;
  readonly role: OversightRole;
  /** What was read or done: a short name of ours. */
  readonly what: string;
}

export interface KeptOrder {
  readonly caseId: string;
  readonly by: string;
  /** Their signed word, compact JWS. */
  readonly statement: string;
  readonly atMs: number;
}

export interface OversightPage {
  readonly state: string | undefined;
  readonly isOverdue: boolean;
  readonly isEscalated: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Terms of somebody else than the owner: their end is nobody's delay. */
const OTHERS_TERMS = ['reply', 'appeal', 'recipient'];
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const PAGE = `
  SELECT id FROM correction_case
   WHERE id > $1::uuid AND (record->>'seq')::integer > 0 AND ($2::text IS NULL OR state = $2)
     AND (NOT $3 OR (record->>'isEscalated')::boolean)
     AND (NOT $4 OR state NOT IN ('CLOSED', 'WITHDRAWN') AND EXISTS (
            SELECT FROM jsonb_array_elements(deadlines) AS term
             WHERE NOT term ? 'stoppedAt' AND NOT term ? 'pausedAt' AND (term->>'dueAt')::bigint < $5
               AND term->>'kind' <> ALL($6::text[])))
   ORDER BY id LIMIT $7`;

/** Cases as those see them who watch over them, and what they do there. */
export class OversightStore {
  constructor(
    private readonly database: Database,
    private readonly cases: Pick<CaseStore, 'find'>,
  ) {}

  /** The oldest first. */
  async page({ state, isOverdue, isEscalated, after, limit }: OversightPage, nowMs: number): Promise<KeptCase[]> {
    const rows = await this.database.query<{ id: string }>(PAGE, [
      ...[after ?? FIRST_ID, state ?? null, isEscalated, isOverdue, nowMs, OTHERS_TERMS, limit],
    ]);
    const found = await Promise.all(rows.map(({ id }) => this.cases.find(id)));
    return found.filter((one) => one !== undefined);
  }

  async keepOrder(queries: Queries, leafHash: Buffer, { caseId, by, statement, atMs }: KeptOrder): Promise<void> {
    await queries.query(
      'INSERT INTO correction_order (leaf_hash, case_id, by, statement, at_ms) VALUES ($1, $2, $3, $4, $5)',
      [leafHash, caseId, by, statement, atMs],
    );
  }

  /** Whether that very order was carried out. */
  async isKept(caseId: string, statement: string): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM correction_order WHERE case_id = $1 AND statement = $2', [
      caseId,
      statement,
    ]);
    return rows.length > 0;
  }

  /** Before anything is shown: who reads a case is written down. */
  async note(
    caseIds: readonly string[],
    { by, role, what }: Overseeing,
    atMs: number,
    queries: Queries = this.database,
  ) {
    if (caseIds.length === 0) return;
    await queries.query(
      `INSERT INTO correction_access (case_id, by, role, what, at_ms)
       SELECT id, $2, $3, $4, $5 FROM unnest($1::uuid[]) AS id`,
      [caseIds, by, role, what, atMs],
    );
  }
}
