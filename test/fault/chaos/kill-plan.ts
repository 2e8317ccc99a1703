import { Random } from './random.js';

export const KINDS = ['gateway', 'connector', 'audit', 'broker', 'database'] as const;
export type Kind = (typeof KINDS)[number];

/** The processes of each kind; those in one list stand in for each other. */
const GROUPS = {
  gateway: [['gateway', 'gateway2']],
  connector: [
    ['cn1', 'cn1b'],
    ['cn2', 'cn2b'],
  ],
  audit: [['audit', 'audit2']],
  broker: [['kafka']],
  database: [['postgres']],
} as const;
export type Victim = (typeof GROUPS)[Kind][number][number];

export interface Kill {
  /** Since the load began. */
  readonly atMs: number;
  readonly kind: Kind;
  readonly victim: Victim;
}

/** The promise: so long nothing is killed at most. */
export const LONGEST_GAP_MS = 5_000;
/** Between two kills of a plan at most; below the promise, because timers are late at times. */
export const USUAL_GAP_MS = 4_700;
/** The last kill comes so long before the end that its recovery is part of the load. */
const QUIET_END_MS = 5_000;

/** Whom to kill and when, fixed by the seed before anything starts: every round of all kinds in an order of its own. */
export function planKills(
  seed: number,
  durationMs: number,
  kinds = KINDS as readonly Kind[],
  gapMs = USUAL_GAP_MS,
): Kill[] {
  const random = new Random(seed);
  const leastMs = gapMs * 0.75;
  const kills: Kill[] = [];
  let round: Kind[] = [];
  for (let atMs = random.between(1_500, leastMs); atMs < durationMs - QUIET_END_MS;) {
    if (round.length === 0) round = nextRound(random, kinds, kills.at(-1)?.kind);
    const kind = round.shift() ?? 'gateway';
    kills.push({ atMs: Math.round(atMs), kind, victim: victimOf(random, kind) });
    atMs += random.between(leastMs, gapMs);
  }
  return kills;
}

/** Those that stand in for a victim, itself among them. */
export function standIns(victim: Victim): readonly Victim[] {
  const groups: readonly (readonly Victim[])[] = KINDS.flatMap((kind) => [...GROUPS[kind]]);
  return groups.find((group) => group.includes(victim)) ?? [victim];
}

/**
 * All kinds, and then once more those that are more than one process, whose single ones die no more often by that. None
 * comes twice in a row: the round is turned if it would start with the last one's end.
 */
function nextRound(random: Random, kinds: readonly Kind[], last: Kind | undefined): Kind[] {
  const all = random.shuffled(kinds);
  const again = all.filter((kind) => GROUPS[kind].flat().length > 1);
  const round = again.at(0) === all.at(-1) ? all : [...all, ...again];
  return round[0] === last && round.length > 1 ? [...round.slice(1), ...round.slice(0, 1)] : round;
}

function victimOf(random: Random, kind: Kind): Victim {
  const [first, ...others] = GROUPS[kind].flat();
  return first === undefined ? 'gateway' : random.pick([first, ...others]);
}
