import type { Database, Queries } from '#postgres';
import { LogReaderStore } from '../../apps/audit/src/log-reader.store.js';
import { noteCheck, type AnchorCheck } from '../../apps/audit/src/scrub/anchor-check.js';
import type { Finding } from '../../apps/audit/src/scrub/finding.js';
import { Scrub } from '../../apps/audit/src/scrub/scrub.service.js';
import { ScrubStore } from '../../apps/audit/src/scrub/scrub.store.js';
import { checkHead } from '../../apps/audit/src/sequencer/head-check.js';
import { SnapshotThread } from '../../apps/audit/src/snapshots/snapshot-thread.service.js';
import { LogStore } from '../../apps/audit/src/sequencer/log.store.js';
import type { NoteKey } from '#tlog';
import { LOG } from './written-log.js';

/** One change of the stored log, made as who owns the tables makes it, and who must find it. */
export interface Mutation {
  readonly table: string;
  readonly what: string;
  readonly sql: readonly string[];
  /** Beside the scrub, which must find everything: the self-check of the start sees the head and the right edge. */
  readonly start?: true;
  /** Found before any leaf is read: the pass goes on behind them, as after a restart, and leaves cannot tell it. */
  readonly besideLeaves?: true;
}

export interface Outcome {
  readonly start: boolean;
  readonly findings: readonly Finding[];
}

/** One for all passes of a spec, which closes it. */
export const snapshots = new SnapshotThread();

/** A pass that was interrupted behind the leaves. */
export const BEHIND_LEAVES =
  `INSERT INTO scrub_cursor (log_id, part, position, passes) VALUES (${LOG}, 'tiles', 0, 0) ` +
  `ON CONFLICT (log_id) DO UPDATE SET part = excluded.part, position = excluded.position`;

/** Carries a change out, asks both detectors, and takes everything back. */
export async function tamper(
  database: Database,
  key: NoteKey,
  sql: readonly string[],
  anchors?: readonly AnchorCheck[],
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  const undone = new Error('taken back');
  await database
    .transaction(async (queries) => {
      await queries.query('SET LOCAL session_replication_role = replica');
      for (const statement of sql) await queries.query(statement);
      const within = inside(queries);
      outcome = { start: await startFinds(within, key), findings: await scrubFindings(within, key, anchors) };
      throw undone;
    })
    .catch((cause: unknown) => {
      if (outcome === undefined) throw cause;
    });
  return outcome!;
}

/** What the scrub finds in the log as it stands. */
export async function scrubFindings(
  database: Database,
  key: NoteKey,
  anchors: readonly AnchorCheck[] = [noteCheck(key)],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const scrub = new Scrub({
    logId: LOG,
    store: new ScrubStore(database, LOG),
    log: new LogStore(database, LOG),
    reader: new LogReaderStore(database),
    key,
    anchors,
    snapshots,
    percent: 100,
    found: (finding) => void findings.push(finding),
  });
  await scrub.pass(new AbortController().signal);
  return findings;
}

/** The self-check before the first append (`audit-log.md` §3.4); a head that is gone stops the start as well. */
async function startFinds(database: Database, key: NoteKey): Promise<boolean> {
  try {
    const { head, edge } = await new LogStore(database, LOG).standing();
    return !checkHead(head, edge, key).ok;
  } catch (cause) {
    if (cause instanceof TypeError) return true;
    throw cause;
  }
}

/** The transaction that changed the log, in the place of a pool: nobody else ever sees the change. */
function inside(queries: Queries): Database {
  const query: Queries['query'] = (sql, parameters) =>
    sql.startsWith('SET TRANSACTION') ? Promise.resolve([]) : queries.query(sql, parameters);
  const nested = { query, copy: queries.copy, entities: queries.entities };
  return {
    ...nested,
    erase: query,
    transaction: (work) => work(nested),
    isReachable: () => Promise.resolve(true),
    poolUse: () => ({ total: 1, idle: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  };
}

export interface Tally {
  readonly table: string;
  readonly what: string;
  start: number;
  scrub: number;
  made: number;
}

/** `mutation × detector × result`, for whoever reads the output of the test. */
export function matrixText(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ table, what, start, scrub, made }) => [
    table,
    what,
    String(made),
    start === 0 ? '–' : `${start}/${made}`,
    `${scrub}/${made}`,
  ]);
  const head = ['table', 'mutation', 'made', 'start self-check', 'scrub'];
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)));
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ');
  const made = tallies.reduce((sum, tally) => sum + tally.made, 0);
  const caught = tallies.reduce((sum, tally) => sum + tally.scrub, 0);
  return [line(head), ...rows.map(line), `${caught} of ${made} mutations were detected`].join('\n');
}
