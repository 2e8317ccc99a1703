import type { AgencyCall } from './agency-calls.js';
import type { Leaf } from './leaf.js';
import { isGood, type Told } from './told.js';

export interface Totals {
  readonly clients: {
    readonly calls: number;
    readonly good: number;
    readonly answered: number;
    readonly unanswered: Readonly<Record<string, number>>;
    readonly nothing: Readonly<Record<string, number>>;
  };
  readonly agencies: { readonly calls: number; readonly unsafe: number; readonly exchanges: number };
  readonly log: {
    readonly leaves: number;
    readonly exchanges: number;
    readonly byType: Readonly<Record<string, number>>;
  };
}

/** What each of the three ledgers holds, counted. */
export function totalsOf(told: readonly Told[], calls: readonly AgencyCall[], leaves: readonly Leaf[]): Totals {
  const answers = told.map(({ answer }) => answer);
  const stated = leaves.map(({ t, why }) => (why === undefined ? t : `${t} ${why}`));
  return {
    clients: {
      calls: told.length,
      good: told.filter(isGood).length,
      answered: answers.filter(({ kind }) => kind === 'answered').length,
      unanswered: count(answers.flatMap((answer) => (answer.kind === 'unanswered' ? [answer.code] : []))),
      nothing: count(answers.flatMap((answer) => (answer.kind === 'nothing' ? [answer.why] : []))),
    },
    agencies: {
      calls: calls.length,
      unsafe: calls.filter(({ method }) => method === 'POST').length,
      exchanges: new Set(calls.map(({ exchangeId }) => exchangeId)).size,
    },
    log: {
      leaves: leaves.length,
      exchanges: new Set(leaves.filter(({ t }) => t.startsWith('exchange.')).map(({ id }) => id)).size,
      byType: count(stated),
    },
  };
}

/**
 * The longest time in which nobody was told a good answer, between the first call and the end of the load: who is asked
 * later only asks for what has ended, and gets no new answer.
 */
export function longestSilenceMs(told: readonly Told[], untilMs: number): number {
  const first = Math.min(...told.map(({ sentMs }) => sentMs));
  const good = told.filter((one) => isGood(one) && one.toldMs <= untilMs).map(({ toldMs }) => toldMs);
  const last = Math.max(first, untilMs);
  const times = [first, ...good, last].sort((a, b) => a - b);
  return times.reduce((longest, atMs, index) => Math.max(longest, atMs - (times[index - 1] ?? atMs)), 0);
}

function count(names: readonly string[]): Record<string, number> {
  const sorted = [...Map.groupBy(names, (name) => name)].sort(([, a], [, b]) => b.length - a.length);
  return Object.fromEntries(sorted.map(([name, all]) => [name, all.length]));
}
