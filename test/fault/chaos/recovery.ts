import { isGood, type Told } from '../ledger/told.js';
import { KINDS, type Kind } from './kill-plan.js';
import type { Killed } from './killer.js';

/** Services whose connector each is; everybody else's death concerns all. */
const SERVED: Readonly<Record<string, RegExp>> = { cn1: /\/(population|cadastre)\//, cn2: /\/(benefits|clinic)\// };

export interface Recovery {
  readonly kind: Kind;
  readonly kills: number;
  /** From the kill to the first good answer to a call that was made after it: the middle one, and the longest. */
  readonly medianMs: number;
  readonly longestMs: number;
}

/** How long each kind of kill is felt. Kills overlap, so a figure holds what others did meanwhile. */
export function recoveries(killed: readonly Killed[], told: readonly Told[]): Recovery[] {
  const good = told.filter(isGood);
  return KINDS.flatMap((kind) => {
    const felt = killed
      .filter((kill) => kill.kind === kind)
      .map((kill) => feltMs(kill, good))
      .sort((a, b) => a - b);
    const [medianMs, longestMs] = [felt[felt.length >> 1], felt.at(-1)];
    if (medianMs === undefined || longestMs === undefined) return [];
    return [{ kind, kills: felt.length, medianMs, longestMs }];
  });
}

function feltMs({ victim, killedMs }: Killed, good: readonly Told[]): number {
  const served = SERVED[victim];
  const later = good.filter(({ sentMs, service }) => sentMs >= killedMs && (served?.test(service) ?? true));
  return Math.min(...later.map(({ toldMs }) => toldMs)) - killedMs;
}
