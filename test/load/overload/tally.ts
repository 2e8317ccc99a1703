import type { RecordableHistogram } from 'node:perf_hooks';

/** Outcomes of a group of callers. */
export interface Tally {
  /** How often, by HTTP status, or by the code of the error where there was no answer. */
  readonly statuses: Map<string, number>;
  /** 503 that do not say when to come again. */
  withoutRetryAfter: number;
  /** Times of 200 answers, microseconds. */
  readonly answered: RecordableHistogram;
}

export function tally(answered: RecordableHistogram): Tally {
  return { statuses: new Map(), withoutRetryAfter: 0, answered };
}

/** How often a status came, over groups. */
export function countOf(tallies: Iterable<Tally>, status: string): number {
  let count = 0;
  for (const { statuses } of tallies) count += statuses.get(status) ?? 0;
  return count;
}

/** All other statuses but these, for a reader to look into. */
export function othersThan(tallies: Iterable<Tally>, ...expected: readonly string[]): string[] {
  const names = new Set([...tallies].flatMap(({ statuses }) => [...statuses.keys()]));
  return [...names].filter((status) => !expected.includes(status));
}
