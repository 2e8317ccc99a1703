import { availableParallelism } from 'node:os';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { ask } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { explainFinding, ThreadedChecks, verifyLog, type LogReport } from '../verify-log/index.js';
import { isUrl, logSource } from './log-source.service.js';
import { progressBar } from './progress-bar.js';
import { renderLogReport, type Timing } from './render-log-report.js';
import { readState, writeState } from './state.store.js';

export interface VerifyLogOptions {
  /** URL prefix of a log, or a folder. */
  readonly place: string;
  readonly trustFile: string;
  /** Another view's checkpoint, a file or URL. */
  readonly against?: string | undefined;
  /** The window before, a URL prefix or a folder. */
  readonly before?: string | undefined;
  readonly stateFile?: string | undefined;
  readonly fromStart: boolean;
  readonly treeOnly: boolean;
  readonly tokenFile?: string | undefined;
  readonly threads?: number | undefined;
  readonly json: boolean;
}

const DRAW_EVERY_MS = 200;
/** Bundles read ahead per thread: enough to keep it busy, and about 2 MB. */
const AHEAD_PER_THREAD = 8;

/** `kerege verify-log`: judges a whole log by `trust.json` alone. Throws `log-not-verified` if the verdict is bad. */
export async function verifyLogCommand(options: VerifyLogOptions, terminal: Terminal): Promise<void> {
  const { place, stateFile, fromStart, treeOnly, before } = options;
  const trust = await readBytes(options.trustFile);
  const state = stateFile === undefined ? undefined : await readState(stateFile);
  const against = options.against === undefined ? undefined : await readAgainst(options.against);
  const token = options.tokenFile === undefined ? undefined : (await readBytes(options.tokenFile)).toString().trim();
  const threads = options.threads ?? availableParallelism();
  const checks = new ThreadedChecks(threads);
  const startedMs = performance.now();
  const progress = drawing(terminal, startedMs);
  try {
    const verdict = await verifyLog({
      source: logSource(place, token),
      trust,
      checks,
      window: threads * AHEAD_PER_THREAD,
      treeOnly,
      against,
      before: before === undefined ? undefined : { name: before, source: logSource(before, token) },
      state,
      fromStart,
      onProgress: progress.draw,
    });
    progress.clear();
    if (verdict.state !== undefined && stateFile !== undefined) await writeState(stateFile, verdict.state);
    tell(verdict.report, timingOf(verdict.report, (performance.now() - startedMs) / 1000), options.json, terminal);
  } finally {
    progress.clear();
    await checks.close();
  }
}

function tell(report: LogReport, timing: Timing, json: boolean, terminal: Terminal): void {
  if (json) terminal.out(`${JSON.stringify({ ...report, ...timing })}\n`);
  else for (const line of renderLogReport(report, timing, terminal.paint)) terminal.tell(line);
  const [first] = report.findings;
  if (first !== undefined)
    throw cliErrors.error('log-not-verified', { extensions: { problem: explainFinding(first) } });
}

function timingOf({ leavesRead, signatures }: LogReport, seconds: number): Timing {
  const perSecond = (count: number) => Math.round(count / Math.max(seconds, 1e-3));
  return {
    seconds: Number(seconds.toFixed(2)),
    leavesPerSecond: perSecond(leavesRead),
    signaturesPerSecond: perSecond(signatures),
  };
}

async function readAgainst(place: string): Promise<{ name: string; note: Buffer }> {
  if (!isUrl(place)) return { name: place, note: await readBytes(place) };
  const answer = await ask(place);
  if (answer.status !== 200)
    throw cliErrors.error('log-refused', { extensions: { address: place, status: answer.status } });
  return { name: place, note: answer.body };
}

/** Where people watch; nothing where a program reads. */
function drawing(terminal: Terminal, startedMs: number) {
  let drawnMs = -Infinity;
  return {
    draw: (done: number, total: number) => {
      const nowMs = performance.now();
      if (nowMs - drawnMs < DRAW_EVERY_MS) return;
      drawnMs = nowMs;
      terminal.redraw?.(progressBar(done, total, (nowMs - startedMs) / 1000));
    },
    clear: () => terminal.redraw?.(''),
  };
}
