import { randomBytes } from 'node:crypto';
import { newExchangeId } from '#kernel';
import type { Database } from '#postgres';
import type { Placed } from '../case-period.store.js';

export const [A, B] = ['T/GOV/1/a', 'T/GOV/2/b'] as const;
export const SERVICE = 'T/GOV/1/a/persons';
export const LOG = 'audit.period.example/T/0/1970h1';

/** What happened, to which state, when, by when something is due, why, and who is the owner. */
export type LaidStep = readonly [
  ...[what: string, now: string, atMs: number],
  ...[dueMs?: number | undefined, why?: string | undefined, owner?: string | undefined],
];

export interface LaidCase {
  readonly id: string;
  /** In their order; where each stands in the log. */
  readonly steps: readonly Placed[];
}

export interface LaidCases {
  readonly rejected: LaidCase;
  readonly late: LaidCase;
  readonly asked: LaidCase;
  readonly ring: LaidCase;
}

/** A case of which there are transitions alone, as if each stood in the log. */
export async function layCase(database: Database, ...steps: readonly LaidStep[]): Promise<LaidCase> {
  const id = newExchangeId();
  const [log] = await database.query<{ log_id: number; next_idx: string }>(
    `INSERT INTO followed_log (origin, next_idx) VALUES ($1, $2)
     ON CONFLICT (origin) DO UPDATE SET next_idx = followed_log.next_idx + $2 RETURNING log_id, next_idx`,
    [LOG, steps.length],
  );
  const first = Number(log?.next_idx) - steps.length;
  const placed: Placed[] = [];
  let was = 'DRAFT';
  for (const [at, [what, now, atMs, dueMs, why, owner = A]] of steps.entries()) {
    const leaf = randomBytes(32);
    await database.query(
      `INSERT INTO correction_step (case_id, seq, leaf_hash, type, was, now, why, portal, owner, service, at_ms, due_ms)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'p', $8, $9, $10, $11)`,
      [id, at + 1, leaf, `correction.${what}`, was, now, why ?? null, owner, SERVICE, atMs, dueMs ?? null],
    );
    await database.query(
      `INSERT INTO own_statement (leaf_hash, statement, made_ms, due_ms, log_id, idx) VALUES ($1, '', 0, 0, $2, $3)`,
      [leaf, log?.log_id, first + at],
    );
    placed.push({ leaf: leaf.toString('base64url'), log: LOG, index: first + at });
    was = now;
  }
  return { id, steps: placed };
}

/** Four cases in the first moments of 1970, of which it is known what an auditor has to be told. */
export async function layPeriod(database: Database): Promise<LaidCases> {
  const rejected = await layCase(
    database,
    ['submitted', 'SUBMITTED', 0],
    ['routed', 'ROUTED', 10, 30],
    ['received', 'RECEIVED', 20, 50],
    ['review-started', 'IN_REVIEW', 40, 100],
    ['extended', 'IN_REVIEW', 60, 200, 'study-needed'],
    ['decided', 'REJECTED', 140, 300, 'data-correct'],
  );
  const late = await layCase(database, ['submitted', 'SUBMITTED', 0], ['routed', 'ROUTED', 10, 30]);
  const asked = await layCase(
    database,
    ['submitted', 'SUBMITTED', 0],
    ['routed', 'ROUTED', 10, 30],
    ['received', 'RECEIVED', 30, 50],
    ['review-started', 'IN_REVIEW', 40, 100],
    ['info-requested', 'NEEDS_INFO', 50, 60, 'value-unclear'],
  );
  const ring = await layCase(
    database,
    ['submitted', 'SUBMITTED', 0],
    ['routed', 'ROUTED', 10, 400],
    ['received', 'RECEIVED', 20, 400],
    ['transferred', 'TRANSFERRED', 30, 400, 'not-our-element'],
    ['routed', 'ROUTED', 40, 400, undefined, B],
    ['received', 'RECEIVED', 50, 400, undefined, B],
    ['transferred', 'TRANSFERRED', 60, 400, 'not-our-element', B],
    ['routed', 'ROUTED', 70, 400],
    ['received', 'RECEIVED', 80, 400],
    ['review-started', 'IN_REVIEW', 90, 100],
    ['extended', 'IN_REVIEW', 110, 500, 'study-needed'],
    ['extended', 'IN_REVIEW', 120, 600, 'study-needed'],
    ['decided', 'ACCEPTED', 130, 700, 'error-confirmed'],
    ['corrected', 'CORRECTED', 140, 700],
    ['reopened', 'REOPENED', 150, 800, 'old-value-seen'],
  );
  return { rejected, late, asked, ring };
}
