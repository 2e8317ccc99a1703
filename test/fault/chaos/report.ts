import type { Breach } from '../ledger/judge.js';
import type { Told } from '../ledger/told.js';
import type { Totals } from '../ledger/totals.js';
import type { EvidenceReport } from './evidence.js';
import type { HistoryCount } from './history.js';
import { KINDS, LONGEST_GAP_MS } from './kill-plan.js';
import type { Killed } from './killer.js';
import type { Recovery } from './recovery.js';
import type { ChaosSettings } from './settings.js';

export interface ChaosReport {
  readonly settings: ChaosSettings;
  readonly killed: readonly Killed[];
  /** Every answer that a client got, in the order in which they came. */
  readonly told: readonly Told[];
  readonly longestKillGapMs: number;
  readonly totals: Totals;
  readonly goodShare: number;
  /** That it is held to: three tenths, or less in proportion where processes took longer than usual to start. */
  readonly leastGoodShare: number;
  /** That is asked of any machine, however slow. */
  readonly plainGoodShare: number;
  readonly longestSilenceMs: number;
  readonly recoveries: readonly Recovery[];
  readonly evidence: EvidenceReport;
  /** Of feedback at rest, and how often it was killed. */
  readonly history: HistoryCount & { readonly kills: number };
  readonly headsSeen: number;
  readonly restMs: number;
  readonly breaches: readonly (Omit<Breach, 'rule'> & { readonly rule: Breach['rule'] | 'evidence' | 'history' })[];
}

const MOST_BREACHES = 50;

/** For people: what was done to the bus, what the three ledgers hold, and where they disagree. */
export function renderReport(report: ChaosReport): string {
  const { settings, killed, totals, evidence, history, breaches } = report;
  const { clients, agencies, log } = totals;
  const kinds = KINDS.map((kind) => `${kind} ${killed.filter((kill) => kill.kind === kind).length}`);
  const lines = [
    `seed       ${settings.seed}   (npm run chaos -- --minutes ${settings.minutes} --seed ${settings.seed} --rate ${settings.rate} --gap-ms ${settings.gapMs})`,
    `kills      ${killed.length}: ${kinds.join(', ')}; longest pause between two ${seconds(report.longestKillGapMs)}, at most ${seconds(LONGEST_GAP_MS)} asked: ${verdict(report.longestKillGapMs <= LONGEST_GAP_MS)}`,
    `clients    ${clients.calls} calls: ${clients.answered} answered (${clients.good} good), ${sum(clients.unanswered)} told that there is no answer, ${sum(clients.nothing)} told nothing`,
    ...table(clients.unanswered, 'no answer'),
    ...table(clients.nothing, 'nothing'),
    `agencies   ${agencies.calls} calls, ${agencies.unsafe} of them unsafe, of ${agencies.exchanges} exchanges`,
    `log        ${log.leaves} leaves of ${log.exchanges} exchanges; ${report.headsSeen} heads seen`,
    ...table(log.byType, ''),
    `evidence   ${evidence.checked - evidence.refused.length} of ${evidence.checked} verified (${evidence.released} released; ${evidence.byCommand} also by the command itself; ${evidence.headless} without the answer's head)`,
    `history    ${history.commitments} commitments, ${history.rows} rows, ${history.pending} pending, ${history.twice} twice; feedback killed ${history.kills} times`,
    `good       ${percent(report.goodShare)} of all calls; ${percent(report.plainGoodShare)} asked: ${verdict(report.goodShare >= report.plainGoodShare)}; held to ${percent(report.leastGoodShare)}, as processes start here: ${verdict(report.goodShare >= report.leastGoodShare)}; longest time without a good answer ${seconds(report.longestSilenceMs)}`,
    ...report.recoveries.map(
      ({ kind, medianMs, longestMs, startMs }) =>
        `             ${kind.padEnd(10)} felt for ${seconds(medianMs)} (median), ${seconds(longestMs)} at most; its process was back after ${seconds(startMs)} (median)`,
    ),
    `at rest    ${seconds(report.restMs)} after the load`,
    `breaches   ${breaches.length}`,
    ...breaches.slice(0, MOST_BREACHES).map(({ rule, subject, what }) => `             ${rule} ${subject}: ${what}`),
    ...(breaches.length > MOST_BREACHES ? [`             and ${breaches.length - MOST_BREACHES} more`] : []),
  ];
  return lines.join('\n');
}

/** Kills and what each client was told when, without the bodies: what is held against the logs that were kept. */
export function clientsLedger({ killed, told }: ChaosReport): string {
  const calls = told.map(({ answer, ...call }) => ({
    ...call,
    answer: answer.kind === 'answered' ? { ...answer, body: answer.body.length } : answer,
  }));
  return JSON.stringify({ killed, calls }, undefined, 1);
}

function table(counts: Readonly<Record<string, number>>, label: string): string[] {
  return Object.entries(counts).map(([name, number]) => `  ${String(number).padStart(9)}  ${label} ${name}`);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, number) => total + number, 0);
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'NOT met';
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'longer than the load';
}
