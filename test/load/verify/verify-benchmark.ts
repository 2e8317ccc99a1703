import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { logSource } from '../../../apps/cli/src/log-check/log-source.service.js';
import { ThreadedChecks, verifyLog, type LogReport } from '../../../apps/cli/src/verify-log/index.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { exportedLog } from './exported-log.js';

const LEAVES = 1_000_000;
const LEAVES_WHEN_QUICK = 20_000;
const AHEAD_PER_THREAD = 8;

interface Measured {
  readonly leavesPerSecond: number;
  readonly signaturesPerSecond: number;
  readonly seconds: number;
  readonly peakRssMiB: number;
  readonly tableMiB: number;
}

/**
 * `kerege verify-log` on a log that audit's exporter has written to a folder: first the tree alone, then with every
 * statement and signature. The leaves are signed exchanges, so both runs read the same bytes; laying them is in no figure.
 */
export function verifyBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const size = settings.isQuick ? LEAVES_WHEN_QUICK : LEAVES;
    const threads = availableParallelism();
    say(await describeMachine(settings));
    say(`verify: ${size} signed leaves in a folder, ${threads} threads`);
    const folder = join(workspace.directory, 'log');
    const trust = await exportedLog(workspace, folder, size);
    const checks = new ThreadedChecks(threads);
    workspace.onEnd(() => checks.close());
    const run = async (treeOnly: boolean): Promise<Measured> => {
      const startedMs = performance.now();
      const peak = watchMemory();
      const window = threads * AHEAD_PER_THREAD;
      const { report } = await verifyLog({ source: logSource(folder), trust, checks, window, treeOnly });
      return measured(report, (performance.now() - startedMs) / 1_000, peak());
    };
    const treeOnly: Measured[] = [];
    for (let turn = 0; turn < settings.runs; turn += 1) treeOnly.push(tell('tree only', await run(true)));
    const signed = tell('with signatures', await run(false));
    treeOnly.sort((a, b) => a.leavesPerSecond - b.leavesPerSecond);
    return { leaves: size, threads, treeOnly: treeOnly[Math.floor(treeOnly.length / 2)], signed };
  });
}

function measured(report: LogReport, seconds: number, peakBytes: number): Measured {
  if (!report.verified)
    throw loadErrors.error('bench-wrong-answer', { extensions: { problem: JSON.stringify(report.findings[0]) } });
  return {
    leavesPerSecond: Math.round(report.leavesRead / seconds),
    signaturesPerSecond: Math.round(report.signatures / seconds),
    seconds: round(seconds, 2),
    peakRssMiB: Math.round(peakBytes / 2 ** 20),
    tableMiB: round(report.tableBytes / 2 ** 20, 1),
  };
}

function tell(label: string, figures: Measured): Measured {
  say(
    `  ${label.padEnd(16)} ${figures.leavesPerSecond} leaves/s  ${figures.signaturesPerSecond} signatures/s  ` +
      `${figures.seconds} s  resident ${figures.peakRssMiB} MiB, tables ${figures.tableMiB} MiB`,
  );
  return figures;
}

/** Resident memory at its highest, looked at ten times a second. */
function watchMemory(): () => number {
  let peak = process.memoryUsage.rss();
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 100);
  return () => {
    clearInterval(timer);
    return peak;
  };
}
