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

/** Where a transition stands in the log, so that an answer is checked there. */
export interface Placed {
  /** Leaf hash, base64url. */
  readonly leaf: string;
  /** Absent while it is on its way there. */
  readonly log: string | undefined;
  readonly index: number | undefined;
}

interface PlaceRow {
  readonly leaf_hash: Buffer;
  readonly origin: string | null;
  readonly idx: string | null;
}

const PLACE = '(SELECT leaf_hash, origin, idx FROM own_statement JOIN followed_log USING (log_id)) AS place';
/** Each case as it stood, with the transition that set its term. */
const OVERDUE = `
  SELECT case_id, owner, service, state, term.due_ms, leaf_hash, origin, idx
    FROM (SELECT DISTINCT ON (case_id) case_id, seq, owner, service, now AS state
            FROM correction_step WHERE at_ms <= $1 ORDER BY case_id, seq DESC) AS stood
   CROSS JOIN LATERAL (
         SELECT due_ms, leaf_hash FROM correction_step AS said
          WHERE said.case_id = stood.case_id AND said.seq <= stood.seq AND said.now = stood.state AND said.at_ms <= $1
            AND said.due_ms IS NOT NULL ORDER BY said.seq DESC LIMIT 1) AS term
    LEFT JOIN ${PLACE} USING (leaf_hash)
   WHERE state = ANY($2::text[]) AND term.due_ms < $1 ORDER BY term.due_ms LIMIT 1000`;
/** That are named one by one; one more is read, to know whether there are more. */
const MOST_DECISIONS = 1_000;
const DECIDED = `
  SELECT case_id, now AS outcome, why AS reason, leaf_hash, origin, idx
    FROM correction_step LEFT JOIN ${PLACE} USING (leaf_hash)
   WHERE type IN ('correction.decided', 'correction.joined') AND at_ms >= $1 AND at_ms < $2
   ORDER BY at_ms, case_id LIMIT ${MOST_DECISIONS + 1}`;
const EXTENSIONS = `
  SELECT case_id, owner, why, at_ms, leaf_hash, origin, idx,
         (SELECT due_ms FROM correction_step AS before
           WHERE before.case_id = step.case_id AND before.seq < step.seq AND before.now = 'IN_REVIEW'
             AND before.due_ms IS NOT NULL ORDER BY before.seq DESC LIMIT 1) AS due_ms,
         EXISTS (SELECT FROM correction_step AS other
           WHERE other.case_id = step.case_id AND other.type = 'correction.extended' AND other.seq < step.seq
             AND other.seq > coalesce((SELECT max(seq) FROM correction_step AS again
                   WHERE again.case_id = step.case_id AND again.type = 'correction.reopened' AND again.seq < step.seq), 0)
         ) AS is_again
    FROM correction_step AS step LEFT JOIN ${PLACE} USING (leaf_hash)
   WHERE type = 'correction.extended' AND at_ms >= $1 AND at_ms < $2 ORDER BY at_ms, case_id LIMIT 1000`;
const TRANSFERS = `
  SELECT case_id, count(*) FILTER (WHERE type = 'correction.transferred') AS transfers,
         array_agg(owner ORDER BY seq) FILTER (WHERE type = 'correction.routed') AS owners,
         json_agg(json_build_object('leaf', encode(leaf_hash, 'base64'), 'log', origin, 'index', idx) ORDER BY seq)
           FILTER (WHERE type IN ('correction.routed', 'correction.transferred')) AS leaves
    FROM correction_step LEFT JOIN ${PLACE} USING (leaf_hash)
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
    const rows = await this.database.query<
      { case_id: string; owner: string; service: string; state: string; due_ms: string } & PlaceRow
    >(OVERDUE, [atMs, OWNERS_STATES]);
    return rows.map(({ case_id: correctionId, owner, service, state, due_ms, ...place }) => ({
      ...{ correctionId, owner, service, state },
      ...{ dueAt: new Date(Number(due_ms)).toISOString(), ...placed(place) },
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

  /** The decisions that are counted, one by one, the oldest first; `isCut`: there are more of them than are named. */
  async decided({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{ case_id: string; outcome: string; reason: string } & PlaceRow>(DECIDED, [
      fromMs,
      untilMs,
    ]);
    const decisions = rows.slice(0, MOST_DECISIONS).map(({ case_id: correctionId, outcome, reason, ...place }) => ({
      ...{ correctionId, outcome, reason, ...placed(place) },
    }));
    return { decisions, isCut: rows.length > MOST_DECISIONS };
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
    const rows = await this.database.query<
      {
        case_id: string;
        owner: string;
        why: string | null;
        at_ms: string;
        due_ms: string | null;
        is_again: boolean;
      } & PlaceRow
    >(EXTENSIONS, [fromMs, untilMs]);
    return rows.map(({ case_id: correctionId, owner, why, at_ms, due_ms, is_again, ...place }) => {
      const isInTime = due_ms !== null && Number(at_ms) <= Number(due_ms);
      const isCorrect = isInTime && why !== null && !is_again;
      return {
        ...{ correctionId, owner, reason: why, at: new Date(Number(at_ms)).toISOString() },
        ...{ isInTime, isFirstInRound: !is_again, isCorrect, ...placed(place) },
      };
    });
  }

  /** Cases that were handed on, through whom; a ping-pong is one that came back to an owner. */
  async transfers({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<{
      case_id: string;
      transfers: string;
      owners: string[] | null;
      leaves: { leaf: string; log: string | null; index: number | null }[];
    }>(TRANSFERS, [fromMs, untilMs]);
    return rows.map(({ case_id: correctionId, transfers, owners: path, leaves }) => {
      const owners = path ?? [];
      const isPingPong = new Set(owners).size < owners.length;
      const steps = leaves.map(({ leaf, log, index }) =>
        placed({ leaf_hash: Buffer.from(leaf, 'base64'), origin: log, idx: index === null ? null : String(index) }),
      );
      return { correctionId, transfers: Number(transfers), owners, isPingPong, steps };
    });
  }

  /** Cases that a portal's verification read has opened again. */
  async reopenedByVerification({ fromMs, untilMs }: Period) {
    const rows = await this.database.query<
      { case_id: string; owner: string; service: string; at_ms: string } & PlaceRow
    >(
      `SELECT case_id, owner, service, at_ms, leaf_hash, origin, idx
         FROM correction_step LEFT JOIN ${PLACE} USING (leaf_hash)
        WHERE type = 'correction.reopened' AND why = 'old-value-seen' AND at_ms >= $1 AND at_ms < $2
        ORDER BY at_ms, case_id LIMIT 1000`,
      [fromMs, untilMs],
    );
    return rows.map(({ case_id: correctionId, owner, service, at_ms, ...place }) => ({
      ...{ correctionId, owner, service, at: new Date(Number(at_ms)).toISOString() },
      ...placed(place),
    }));
  }
}

function placed({ leaf_hash, origin, idx }: PlaceRow): Placed {
  const [log, index] = [origin ?? undefined, idx === null ? undefined : Number(idx)];
  return { leaf: leaf_hash.toString('base64url'), log, index };
}
