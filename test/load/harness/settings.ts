import { parseArgs } from 'node:util';

/** How long and how often a benchmark measures. `--quick` only proves that it runs; its figures mean nothing. */
export interface BenchSettings {
  readonly runs: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Limits a benchmark to these loads; undefined: all of its own. */
  readonly loads: readonly number[] | undefined;
  readonly isQuick: boolean;
  /** `scrub`: a million leaves; `sequencer`: also measure on a log of five million leaves, which takes minutes to lay. */
  readonly isLarge: boolean;
  /** `accesses`: rows of all histories together. Ten million, as its goals say, take minutes to lay. */
  readonly rows: number;
}

export interface CommandLine {
  readonly name: string | undefined;
  readonly settings: BenchSettings;
}

export const USAGE = `npm run bench -- <accesses|corrections|exchange|bus|openings|overload|proofs|reading|revocation|scrub|search|sequencer|verify> [--seconds n] [--warm-up n] [--runs n] [--loads 1,64] [--quick] [--large] [--rows n]`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      runs: { type: 'string' },
      loads: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      large: { type: 'boolean', default: false },
    },
  });
  const isQuick = values.quick;
  return {
    name: positionals[0],
    settings: {
      runs: Number(values.runs ?? (isQuick ? 1 : 3)),
      seconds: Number(values.seconds ?? (isQuick ? 1 : 10)),
      warmUpSeconds: Number(values['warm-up'] ?? (isQuick ? 0.5 : 5)),
      loads: values.loads?.split(',').map(Number),
      isQuick,
      isLarge: values.large,
      rows: Number(values.rows ?? (isQuick ? 10_000 : 200_000)),
    },
  };
}
