import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts in: `sysconf(_SC_CLK_TCK)`, 100 on every machine that Node runs on. */
const TICK_MS = 10;

/** CPU time in milliseconds of a process, its children and those that it has buried; undefined where there is no /proc. */
export function cpuTimeMs(pid: number): number | undefined {
  try {
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => statOf(Number(name)))
      .filter((stat) => stat?.parent === pid);
    const own = statOf(pid);
    if (own === undefined) return undefined;
    return children.reduce((sum, child) => sum + (child?.ownMs ?? 0), own.ownMs + own.buriedMs);
  } catch {
    // No /proc: the figure is left out, the others stand.
    return undefined;
  }
}

/** CPU time in milliseconds of a process alone; undefined where there is no /proc, or the process has ended. */
export function ownCpuTimeMs(pid: number): number | undefined {
  return statOf(pid)?.ownMs;
}

function statOf(pid: number): { parent: number; ownMs: number; buriedMs: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces; fields are counted behind it.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [user = 0, system = 0, buriedUser = 0, buriedSystem = 0] = fields.slice(11, 15);
    return { parent, ownMs: (user + system) * TICK_MS, buriedMs: (buriedUser + buriedSystem) * TICK_MS };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
