import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeMs, ownCpuTimeMs } from '../harness/cpu-time.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { startSandbox, type RunningProcess } from './idle-sandbox.js';
import { residentOf, type Resident } from './resident.js';

/** The goals: of one core over all processes of ours together, and MiB resident in each of them. */
const MOST_CPU_PERCENT = 15;
const MOST_RESIDENT = 150;
/** What is not of ours: measured beside, judged by nobody. */
const NOT_OURS: readonly string[] = ['postgres', 'kafka'];

interface Idle extends Resident {
  readonly name: string;
  readonly isOurs: boolean;
  /** Percent of one core, in all windows together. */
  readonly cpu: number;
}

/**
 * What the sandbox takes while nobody asks it anything: after its rest, CPU time over `runs` windows of `seconds`, and
 * memory at the end of the last.
 */
export function idleBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const processes = await startSandbox(workspace);
    say(await describeMachine(settings));
    say(`idle: the sandbox as \`npm start\` runs it, looked at ${settings.restSeconds} s after it was ready`);
    await delay(settings.restSeconds * 1_000);
    const windows: number[][] = [];
    for (let run = 0; run < settings.runs; run += 1) windows.push(await sharesDuring(processes, settings.seconds));
    const idle = await Promise.all(
      processes.map((one, at) =>
        idleOf(
          one,
          windows.map((shares) => shares[at] ?? 0),
        ),
      ),
    );
    return judged(
      idle,
      windows.map((shares) => sumOf(shares.filter((_, at) => idle[at]?.isOurs))),
    );
  });
}

/** Percent of one core that each process takes meanwhile. */
async function sharesDuring(processes: readonly RunningProcess[], seconds: number): Promise<number[]> {
  const from = performance.now();
  const before = processes.map((one) => cpuOf(one));
  await delay(seconds * 1_000);
  const tookMs = performance.now() - from;
  return processes.map((one, at) => ((cpuOf(one) - (before[at] ?? 0)) / tookMs) * 100);
}

/** PostgreSQL is many processes; of ours each is one, and the first is the parent of all others. */
function cpuOf({ name, pid }: RunningProcess): number {
  const ms = name === 'postgres' ? cpuTimeMs(pid) : ownCpuTimeMs(pid);
  if (ms === undefined) throw gone(name);
  return ms;
}

async function idleOf({ name, pid }: RunningProcess, shares: readonly number[]): Promise<Idle> {
  const resident = await residentOf(pid);
  if (resident === undefined) throw gone(name);
  return { name, isOurs: !NOT_OURS.includes(name), cpu: round(sumOf(shares) / shares.length, 2), ...resident };
}

function judged(idle: readonly Idle[], windows: readonly number[]): object {
  for (const { name, isOurs, cpu, rss, pss } of idle.toSorted((a, b) => b.rss - a.rss))
    say(
      `  ${name.padEnd(20)} ${cpu.toFixed(2).padStart(6)} % of a core ${String(rss).padStart(5)} MiB resident, share ${String(pss).padStart(4)}` +
        (isOurs ? (rss > MOST_RESIDENT ? '  above the goal' : '') : '  not of ours'),
    );
  const ours = idle.filter(({ isOurs }) => isOurs);
  const cpu = round(sumOf(ours.map((one) => one.cpu)), 1);
  const largest = Math.max(...ours.map(({ rss }) => rss));
  const goals = { cpu: cpu <= MOST_CPU_PERCENT, resident: largest <= MOST_RESIDENT };
  const spread = windows.map((share) => share.toFixed(1)).join(', ');
  say(`  ${ours.length} processes of ours: ${cpu} % of a core (windows: ${spread}); the largest ${largest} MiB`);
  say(`goal ≤ ${MOST_CPU_PERCENT} % of one core over all of ours: ${verdict(goals.cpu)}`);
  say(`goal ≤ ${MOST_RESIDENT} MiB resident in each of ours:    ${verdict(goals.resident)}`);
  return { goals, cpu, windows: windows.map((share) => round(share, 2)), largest, processes: idle };
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'NOT met';
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function gone(name: string): Error {
  return loadErrors.error('bench-wrong-answer', {
    extensions: { problems: [`${name} has ended, or there is no /proc`] },
  });
}
