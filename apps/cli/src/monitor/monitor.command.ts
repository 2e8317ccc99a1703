import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '#kernel';
import { keyFileName, loadKeySets } from '#platform';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { logSource } from '../log-check/log-source.service.js';
import { parseJson } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { ThreadedChecks, verifyLog, type LogState } from '../verify-log/index.js';
import { explainAlarm, MemberWatch, parseOwn, type Alarm } from './member-watch.js';

export interface MonitorOptions {
  readonly place: string;
  readonly subsystem: string;
  readonly trustFile: string;
  readonly keysDir?: string | undefined;
  readonly keys: readonly string[];
  readonly ownFile?: string | undefined;
  readonly documentFile?: string | undefined;
  /** Seconds. */
  readonly interval: number;
  readonly tokenFile?: string | undefined;
  readonly once: boolean;
  /** Ends the following. */
  readonly signal?: AbortSignal;
}

const THREADS = 1;
const AHEAD = 8;
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/**
 * `kerege monitor`: verifies the log and every growth of it, and alarms a member of what is not its own. One JSON line
 * per alarm for programs, one line of text for people. It begins at the first leaf each time that it is started, because
 * it has to know which of the own statements stand.
 */
export async function monitorCommand(options: MonitorOptions, terminal: Terminal): Promise<void> {
  const ownKeys = new Set([...options.keys, ...(await keysIn(options))]);
  if (ownKeys.size === 0) throw cliErrors.error('monitor-without-keys');
  const document =
    options.documentFile === undefined ? undefined : (await readBytes(options.documentFile)).toString().trim();
  const watch = new MemberWatch({ subsystem: options.subsystem, ownKeys, document });
  const checks = new ThreadedChecks(THREADS);
  try {
    const look = await lookout(options, watch, checks);
    if (options.once) {
      const alarms = await look();
      tell(alarms, terminal);
      if (alarms.length > 0) throw cliErrors.error('monitor-alarmed', { extensions: { alarms: alarms.length } });
      terminal.tell(`${terminal.paint('green', '✓')} Nothing in the name of ${options.subsystem} that is not its own.`);
      return;
    }
    await follow(options, look, terminal);
  } finally {
    await checks.close();
  }
}

async function follow(
  { interval, signal }: MonitorOptions,
  look: () => Promise<readonly Alarm[]>,
  terminal: Terminal,
): Promise<void> {
  while (signal?.aborted !== true) {
    try {
      tell(await look(), terminal);
    } catch (cause) {
      // Nobody answers now: that is not the log's word, and the next look may have it.
      if (!(cause instanceof AppError) || cause.kind !== 'unavailable') throw cause;
      terminal.tell(`${terminal.paint('yellow', '?')} ${cause.code}: ${cause.message}`);
    }
    await setTimeout(interval * 1_000, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** One look: what the log has grown by since the last one. */
async function lookout(
  options: MonitorOptions,
  watch: MemberWatch,
  checks: ThreadedChecks,
): Promise<() => Promise<readonly Alarm[]>> {
  const trust = await readBytes(options.trustFile);
  const token = options.tokenFile === undefined ? undefined : (await readBytes(options.tokenFile)).toString().trim();
  const source = logSource(options.place, token);
  let state: LogState | undefined;
  let lastFinding: string | undefined;
  return async () => {
    watch.expect(await ownStatements(options.ownFile));
    const verdict = await verifyLog({ source, trust, checks, window: AHEAD, state, observer: watch });
    const [finding] = verdict.report.findings;
    const where = finding === undefined ? undefined : `${finding.code}, ${finding.where}`;
    const isNews = where !== undefined && where !== lastFinding;
    lastFinding = where;
    state = verdict.state ?? state;
    return [...watch.take(verdict.report.verified), ...(isNews ? [{ alarm: 'log-not-verified' as const, where }] : [])];
  };
}

function tell(alarms: readonly Alarm[], terminal: Terminal): void {
  for (const alarm of alarms) {
    terminal.out(`${JSON.stringify(alarm)}\n`);
    terminal.tell(`${terminal.paint('red', '✗')} ${explainAlarm(alarm)}`);
  }
}

async function ownStatements(file: string | undefined): Promise<ReadonlySet<string> | undefined> {
  if (file === undefined) return undefined;
  const own = parseOwn((await readBytes(file)).toString());
  if (own === undefined) throw cliErrors.error('own-file-invalid', { extensions: { file } });
  return own;
}

/** Thumbprints of the keys in the subsystem's own key file; the private halves are not looked at. */
async function keysIn({ keysDir, subsystem }: MonitorOptions): Promise<string[]> {
  if (keysDir === undefined) return [];
  const sets = await loadKeySets(keysDir);
  const parsed = keySet.safeParse(parseJson(Buffer.from(sets.get(subsystem) ?? '{}')));
  if (!parsed.success) throw cliErrors.error('monitor-without-keys', { extensions: { file: keyFileName(subsystem) } });
  return parsed.data.keys.map(({ kid }) => kid);
}
