import { readFile } from 'node:fs/promises';

export interface Resident {
  /** MiB in memory, with the pages that it shares with others. */
  readonly rss: number;
  /** MiB of its own and of its share in what it shares. */
  readonly pss: number;
}

/** Undefined where there is no /proc, or the process has ended. */
export async function residentOf(pid: number): Promise<Resident | undefined> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => undefined);
  if (rollup === undefined) return undefined;
  const mebibytes = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1_024);
  return { rss: mebibytes('Rss'), pss: mebibytes('Pss') };
}
