import type { DrillReport } from './drill.js';
import type { Row } from './walk.js';

const WIDTHS = [18, 15, 10, 11, 9, 9] as const;

/** Which process died at which transition, and what became of it. */
export function renderDrill({ seed, rows, breaches, stuck, tookMs }: DrillReport): string {
  const killed = rows.filter(({ victim }) => victim !== undefined);
  const sorted = killed.toSorted((a, b) => `${a.victim}`.localeCompare(`${b.victim}`));
  const counts = [...Map.groupBy(killed, ({ victim }) => victim)].map(([victim, { length }]) => `${victim} ${length}`);
  return [
    `seed ${seed}: ${killed.length} kills (${counts.join(', ')}) in ${seconds(tookMs)}`,
    line(['path', 'transition', 'killed', 'while it was', 'back', 'stood'], 'told'),
    ...sorted.map((row) => lineOf(row)),
    ...stuck.map((one) => `stuck: ${one}`),
    `breaches: ${breaches.length}`,
    ...breaches.map(({ rule, subject, what }) => `  ${rule} ${subject}: ${what}`),
  ].join('\n');
}

function lineOf({ path, deed, victim, moment, backMs, stoodMs, told }: Row): string {
  const cells = [path, deed, victim ?? '', moment ?? '', seconds(backMs), seconds(stoodMs)];
  return line(cells, told.length === 0 ? 'by itself' : told.join(', '));
}

function line(cells: readonly string[], last: string): string {
  return [...cells.map((cell, place) => cell.padEnd(WIDTHS[place] ?? 0)), last].join(' ');
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '' : `${(ms / 1_000).toFixed(1)} s`;
}
