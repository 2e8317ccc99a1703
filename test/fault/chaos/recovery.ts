import { isGood, type Told } from '../ledger/told.js';
import { KINDS, type Kind } from './kill-plan.js';
import type { Killed } from './killer.js';

/** Services whose connector each is; everybody else's death concerns all. */
const FIRST = /\/(population|cadastre)\//;
const SECOND = /\/(benefits|clinic)\//;
const SERVED: Readonly<Record<string, RegExp>> = { cn1: FIRST, cn1b: FIRST, cn2: SECOND, cn2b: SECOND };

export interface Recovery {
  readonly kind: Kind;
  readonly kills: number;
  /**
   * From the kill to the first good answer to a call that was made after it: the middle one, and the longest. Infinite
   * where the load ended before.
   */
  readonly medianMs: number;
  readonly longestMs: number;
  /** The part of it until the process lived again: the middle one. */
  readonly startMs: number;
}

/** How long each kind of kill is felt. Kills overlap, so a figure holds what others did meanwhile. */
export function recoveries(killed: readonly Killed[], told: readonly Told[]): Recovery[] {
  const good = told.filter(isGood);
  return KINDS.flatMap((kind) => {
    const kills = killed.filter((kill) => kill.kind === kind);
    if (kills.length === 0) return [];
    const felt = kills.map((kill) => feltMs(kill, good));
    const starts = kills.map(({ killedMs, backMs }) => backMs - killedMs);
    return [
      { kind, kills: kills.length, medianMs: middle(felt), longestMs: Math.max(...felt), startMs: middle(starts) },
    ];
  });
}

function feltMs({ victim, killedMs }: Killed, good: readonly Told[]): number {
  const served = SERVED[victim];
  const later = good.filter(({ sentMs, service }) => sentMs >= killedMs && (served?.test(service) ?? true));
  return Math.min(...later.map(({ toldMs }) => toldMs)) - killedMs;
}

export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
