import { Random } from './random.js';

export const KINDS = ['gateway', 'connector', 'audit', 'broker', 'database'] as const;
export type Kind = (typeof KINDS)[number];
export type Victim = 'gateway' | 'cn1' | 'cn2' | 'audit' | 'kafka' | 'postgres';

export interface Kill {
  /** Since the load began. */
  readonly atMs: number;
  readonly kind: Kind;
  readonly victim: Victim;
}

/** Between two kills at most; below the five seconds that are promised, because a victim may have to be waited for. */
export const USUAL_GAP_MS = 4_400;
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

/** Nobody twice in a row: the second would only find the first one's victim still starting. */
function nextRound(random: Random, kinds: readonly Kind[], last: Kind | undefined): Kind[] {
  const round = random.shuffled(kinds);
  return round[0] === last && round.length > 1 ? [...round.slice(1), ...round.slice(0, 1)] : round;
}

function victimOf(random: Random, kind: Kind): Victim {
  switch (kind) {
    case 'connector':
      return random.pick(['cn1', 'cn2']);
    case 'broker':
      return 'kafka';
    case 'database':
      return 'postgres';
    default:
      return kind;
  }
}
