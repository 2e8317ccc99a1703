import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { KINDS, standIns, victimsOf, type Kill, type Victim } from './kill-plan.js';

/** A kill that was carried out. */
export interface Killed extends Kill {
  readonly killedMs: number;
  /** When its process lived again; that it does its work again is another matter. */
  readonly backMs: number;
}

type Target = Pick<Instance, 'takeDown' | 'bringBack' | 'pid'>;

const LOOK_MS = 20;
/** What a supervisor takes to notice. It never backs off, as the sandbox's own does: who dies here is not to blame. */
const PAUSE_MS = 250;
/** Before each kill that the plan has left over when its moments are past. */
const LEFT_OVER_MS = 1_000;
const GIVE_UP_MS = 5 * 60_000;

/**
 * Carries out the plan: SIGKILL, and nothing else, at every moment of it. Where restarts are slow, all that the plan still
 * wants dead may be so already: then another dies at that moment, and the plan is carried out to its end later.
 */
export async function killByPlan(instance: Target, plan: readonly Kill[], signal: AbortSignal): Promise<Killed[]> {
  const startedMs = Date.now();
  const waiting = [...plan];
  const kinds = KINDS.filter((kind) => plan.some((kill) => kill.kind === kind));
  const underWay: Promise<Killed>[] = [];
  try {
    for (const { atMs } of plan) {
      await delay(Math.max(0, startedMs + atMs - Date.now()), undefined, { signal });
      const others = kinds.flatMap((kind) => victimsOf(kind).map((victim) => ({ kind, victim, atMs })));
      underWay.push(carryOut(instance, await takeNext(instance, waiting, signal, others)));
    }
    while (waiting.length > 0) {
      await delay(LEFT_OVER_MS, undefined, { signal });
      underWay.push(carryOut(instance, await takeNext(instance, waiting, signal)));
    }
  } catch (cause) {
    // The load ended before the plan did.
    if (!signal.aborted) throw cause;
  }
  return Promise.all(underWay);
}

/**
 * The next of the plan whose stand-in lives: who has just been killed is back first. If there is none such, the next that
 * lives at all; if none of the plan lives, one of the others that does. What is taken leaves the plan.
 */
async function takeNext(
  instance: Target,
  waiting: Kill[],
  signal: AbortSignal,
  others: readonly Kill[] = [],
): Promise<Kill> {
  const lives = ({ victim }: Kill) => instance.pid(victim) !== undefined;
  const isSpare = (kill: Kill) => standIns(kill.victim).every((victim) => lives({ ...kill, victim }));
  for (;;) {
    const next = waiting.find(isSpare) ?? waiting.find(lives);
    if (next !== undefined) {
      waiting.splice(waiting.indexOf(next), 1);
      return next;
    }
    const other = others.find(isSpare) ?? others.find(lives);
    if (other !== undefined) return other;
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function carryOut(instance: Target, kill: Kill): Promise<Killed> {
  const killedMs = Date.now();
  await instance.takeDown(kill.victim);
  await delay(PAUSE_MS);
  await bringBack(instance, kill.victim);
  return { ...kill, killedMs, backMs: Date.now() };
}

/** Tried for long: whose start fails because another victim is still away would never be back if it were given up. */
async function bringBack(instance: Target, victim: Victim): Promise<void> {
  const untilMs = Date.now() + GIVE_UP_MS;
  for (;;) {
    try {
      await instance.bringBack(victim);
      return;
    } catch (cause) {
      if (Date.now() >= untilMs) throw cause;
      await delay(PAUSE_MS);
    }
  }
}
