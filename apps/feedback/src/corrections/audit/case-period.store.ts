import type { Database } from '#postgres';
import { OWNERS_STATES, STATE_TIMES, type Period } from './step-times.js';

/** Times in a state, ms. */
export interface TimeInState {
  readonly owner: string;
  readonly service: string;
  readonly state: string;
  readonly cases: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

const OVERDUE = `
  SELECT DISTINCT ON (case_id) case_id, owner, service, now AS state, at_ms,
         (SELECT due_ms FROM correction_step AS said
           WHERE said.case_id = step.case_id AND said.seq <= step.seq AND said.now = step.now AND said.at_ms <= $1
             AND said.due_ms IS NOT NULL ORDER BY said.seq DESC LIMIT 1) AS due_ms
    FROM correction_step AS step WHERE at_ms <= $1 ORDER BY case_id, seq DESC`;
const EXTENSIONS = `
  SELECT case_id, owner, why, at_ms, encode(leaf_hash, 'base64') AS leaf,
         (SELECT due_ms FROM correction_step AS before
           WHERE before.case_id = step.case_id AND before.seq < step.seq AND before.now = 'IN_REVIEW'
             AND before.due_ms IS NOT NULL ORDER BY before.seq DESC LIMIT 1) AS due_ms,
         EXISTS (SELECT FROM correction_step AS other
           WHERE other.case_id = step.case_id AND other.type = 'correction.extended' AND other.seq < step.seq
             AND other.seq > coalesce((SELECT max(seq) FROM correction_step AS again
                   WHERE again.case_id = step.case_id AND again.type = 'correction.reopened' AND again.seq < step.seq), 0)
         ) AS is_again
    FROM correction_step AS step
   WHERE type = 'correction.extended' AND at_ms >= $1 AND at_ms < $2 ORDER BY at_ms, case_id LIMIT 1000`;
const TRANSFERS = `
  SELECT case_id, count(*) FILTER (WHERE type = 'correction.transferred') AS transfers,
         array_agg(owner ORDER BY seq) FILTER (WHERE type = 'correction.routed') AS owners
    FROM correction_step
   WHERE case_id IN (SELECT case_id FROM correction_step
                      WHERE type = 'correction.transferred' AND at_ms >= $1 AND at_ms < $2)
   GROUP BY case_id ORDER BY case_id LIMIT 1000`;
const TIMES = `
  SELECT owner, service, state, count(*) AS cases, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS median_ms,
         percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95_ms
    FROM (${STATE_TIMES}) AS time WHERE ms IS NOT NULL AND at_ms >= $1 AND at_ms < $2
   GROUP BY owner, service, state ORDER BY owner, service, state`;

/** What auditors ask of all cases of a time. From transitions alone, which stay when a person is erased. */
export class CasePeriodStore {
  constructor(private readonly database: Database) {}

  /** Cases whose owner was late at that moment, by what the log said until then. */
  async overdueAt(atMs: number) {
    const rows = await this.database.query<{
      case_id: string;
      owner: string;
      service: string;
      state: string;
      due_ms: string;
    }>(`SELECT * FROM (${OVERDUE}) AS stood WHERE state = ANY($2::text[]) AND due_ms < $1 ORDER BY due_ms LIMIT 1000`, [
      atMs,
      OWNERS_STATES,
    ]);
    return rows.map(({ case_id: correctionId, owner, service, state, due_ms }) => ({
      ...{ correctionId, owner, service, state },
      dueAt: new Date(Number(due_ms)).toISOString(),
    }));
  }

  async times({ fromMs, untilMs }: Period): Promise<TimeInState[]> {
    const rows = await this.database.query<{
      owner: string;
      service: string;
      state: string;
      cases: string;
      median_ms: number;
      p95_ms: number;
    }>(TIMES, [fromMs, untilMs]);
    return rows.map(({ owner, service, state, cases, median_ms, p95_ms }) => ({
      ...{ owner, service, state, cases: Number(cases) },
      ...{ medianMs: Math.round(median_ms), p95Ms: Math.round(p95_ms) },
    }));
  }

  /** Decisions by reason, of which how many were rejections. */
  async decisions({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{ reason: string; decided: string; rejected: string }>(
      `SELECT why AS reason, count(*) AS decided, count(*) FILTER (WHERE now = 'REJECTED') AS rejected
         FROM correction_step WHERE type IN ('correction.decided', 'correction.joined') AND at_ms >= $1 AND at_ms < $2
        GROUP BY why ORDER BY why`,
      [fromMs, untilMs],
    );
    const all = rows.reduce((sum, { decided }) => sum + Number(decided), 0);
    const reasons = rows.map(({ reason, decided, rejected }) => ({
      ...{ reason, decided: Number(decided), rejected: Number(rejected), rate: Number(rejected) / all },
    }));
    return { decided: all, reasons };
  }

  /** Data elements by the number of cases about them; of erased persons nothing is known any more. */
  async elements({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{ element: string; cases: string }>(
      `SELECT item->>'elementId' AS element, count(DISTINCT id) AS cases
         FROM correction_case CROSS JOIN jsonb_array_elements(record->'items') AS item
        WHERE item ? 'elementId' AND (record->>'seq')::integer > 0 AND filed_ms >= $1 AND filed_ms < $2
        GROUP BY element ORDER BY cases DESC, element LIMIT 1000`,
      [fromMs, untilMs],
    );
    return rows.map(({ element, cases }) => ({ element, cases: Number(cases) }));
  }

  /** Each extension, and whether it was what the law allows: in time, with a reason, once in a round. */
  async extensions({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{
      case_id: string;
      owner: string;
      why: string | null;
      at_ms: string;
      leaf: string;
      due_ms: string | null;
      is_again: boolean;
    }>(EXTENSIONS, [fromMs, untilMs]);
    return rows.map(({ case_id: correctionId, owner, why, at_ms, leaf, due_ms, is_again }) => {
      const isInTime = due_ms !== null && Number(at_ms) <= Number(due_ms);
      const isCorrect = isInTime && why !== null && !is_again;
      return {
        ...{ correctionId, owner, reason: why, at: new Date(Number(at_ms)).toISOString() },
        ...{ isInTime, isFirstInRound: !is_again, isCorrect, leaf: Buffer.from(leaf, 'base64').toString('base64url') },
      };
    });
  }

  /** Cases that were handed on, through whom; a ping-pong is one that came back to an owner. */
  async transfers({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{ case_id: string; transfers: string; owners: string[] | null }>(TRANSFERS, [
      fromMs,
      untilMs,
    ]);
    return rows.map(({ case_id: correctionId, transfers, owners: path }) => {
      const owners = path ?? [];
      return { correctionId, transfers: Number(transfers), owners, isPingPong: new Set(owners).size < owners.length };
    });
  }

  /** Cases that a portal's verification read has opened again. */
  async reopenedByVerification({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{
      case_id: string;
      owner: string;
      service: string;
      at_ms: string;
      leaf_hash: Buffer;
    }>(
      `SELECT case_id, owner, service, at_ms, leaf_hash FROM correction_step
        WHERE type = 'correction.reopened' AND why = 'old-value-seen' AND at_ms >= $1 AND at_ms < $2
        ORDER BY at_ms, case_id LIMIT 1000`,
      [fromMs, untilMs],
    );
    return rows.map(({ case_id: correctionId, owner, service, at_ms, leaf_hash }) => ({
      ...{ correctionId, owner, service, at: new Date(Number(at_ms)).toISOString() },
      leaf: leaf_hash.toString('base64url'),
    }));
  }
}
