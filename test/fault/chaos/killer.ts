import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { standIns, type Kill, type Victim } from './kill-plan.js';

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
const GIVE_UP_MS = 5 * 60_000;

/** Carries out the plan: SIGKILL, and nothing else, at every moment of it. */
export async function killByPlan(instance: Target, plan: readonly Kill[], signal: AbortSignal): Promise<Killed[]> {
  const startedMs = Date.now();
  const waiting = [...plan];
  const underWay: Promise<Killed>[] = [];
  try {
    for (const { atMs } of plan) {
      await delay(Math.max(0, startedMs + atMs - Date.now()), undefined, { signal });
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
 * lives at all; a kill is not left out.
 */
async function takeNext(instance: Target, waiting: Kill[], signal: AbortSignal): Promise<Kill> {
  const lives = (victim: Victim) => instance.pid(victim) !== undefined;
  for (;;) {
    const next =
      waiting.find(({ victim }) => standIns(victim).every((one) => lives(one))) ??
      waiting.find(({ victim }) => lives(victim));
    if (next !== undefined) {
      waiting.splice(waiting.indexOf(next), 1);
      return next;
    }
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
