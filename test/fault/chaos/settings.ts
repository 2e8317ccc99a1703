import { parseArgs } from 'node:util';
import { KINDS, USUAL_GAP_MS, type Kind } from './kill-plan.js';

export interface ChaosSettings {
  readonly minutes: number;
  /** Fixes the kills and the calls; the moments at which processes meet them stay the machine's. */
  readonly seed: number;
  /** Calls a second. */
  readonly rate: number;
  readonly kinds: readonly Kind[];
  /** Longest pause between two kills: on a machine on which a process takes long to start, more of them only queue up. */
  readonly gapMs: number;
  /** Where to leave the data and logs of the instance; absent: a place of its own, removed when nothing is wrong. */
  readonly keep: string | undefined;
}

export const USAGE =
  'npm run chaos -- [--minutes 2] [--seed n] [--rate 20] [--gap-ms 4700] [--only gateway,connector,audit,broker,database] [--keep dir]';

export function parseCommandLine(args: readonly string[]): ChaosSettings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(freshSeed()) },
      rate: { type: 'string', default: '20' },
      'gap-ms': { type: 'string', default: String(USUAL_GAP_MS) },
      only: { type: 'string', default: KINDS.join(',') },
      keep: { type: 'string' },
    },
  });
  const [minutes, seed, rate] = [Number(values.minutes), Number(values.seed), Number(values.rate)];
  const gapMs = Number(values['gap-ms']);
  const named = values.only.split(',');
  const kinds = KINDS.filter((kind) => named.includes(kind));
  const isUsable = minutes > 0 && rate > 0 && gapMs > 0 && Number.isSafeInteger(seed) && kinds.length === named.length;
  return isUsable ? { minutes, seed, rate, kinds, gapMs, keep: values.keep } : undefined;
}

export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
