import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';

/** What feedback holds, counted in its own tables. */
export interface HistoryCount {
  /** What the log speaks of persons, as far as feedback followed it. */
  readonly commitments: number;
  readonly rows: number;
  readonly pending: number;
  /** Commitments that have more rows than one. */
  readonly twice: number;
}

/** Feedback shows it as it should be at rest: all leaves followed, each commitment one row, none twice. */
export function isWhole({ commitments, rows, pending, twice }: HistoryCount, inLog: number): boolean {
  return commitments === inLog && rows === inLog && pending === 0 && twice === 0;
}

const LOOK_MS = 1_000;
/** Feedback has no stand-in: it is away for as long as it takes to start, and dies less often than others do. */
const KILL_EVERY_MS = 25_000;

/** Counts until it is whole or the time is up; `inLog`: commitments of all leaves that the log has at rest. */
export async function historyAtRest(databaseUrl: string, inLog: number, untilMs: number): Promise<HistoryCount> {
  for (;;) {
    const counted = await count(databaseUrl);
    if (isWhole(counted, inLog) || Date.now() >= untilMs) return counted;
    await delay(LOOK_MS);
  }
}

/** SIGKILL to feedback again and again while the others die, by itself: the plan and its seed stay what they were. */
export async function killFeedback(instance: Pick<Instance, 'kill'>, signal: AbortSignal): Promise<number> {
  let kills = 0;
  try {
    for (;;) {
      await delay(KILL_EVERY_MS, undefined, { signal });
      await instance.kill('feedback');
      kills += 1;
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
  return kills;
}

async function count(databaseUrl: string): Promise<HistoryCount> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<keyof HistoryCount, number>>(
      `SELECT (SELECT count(*)::integer FROM feedback.commitment) AS commitments,
              (SELECT count(*)::integer FROM feedback.subject_access) AS rows,
              (SELECT count(*)::integer FROM feedback.commitment WHERE state = 'pending') AS pending,
              (SELECT count(*)::integer FROM (SELECT FROM feedback.subject_access
                GROUP BY log_id, idx, kind, position HAVING count(*) > 1) AS again) AS twice`,
    );
    const [row] = rows;
    if (row === undefined) throw new TypeError('nothing counted');
    return row;
  } finally {
    await client.end();
  }
}
