import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import type { Kill, Victim } from './kill-plan.js';

/** A kill that was carried out. */
export interface Killed extends Kill {
  readonly killedMs: number;
  /** When its process lived again; that it does its work again is another matter. */
  readonly backMs: number;
}

const LOOK_MS = 20;
/** What a supervisor takes to notice. It never backs off, as the sandbox's own does: who dies here is not to blame. */
const PAUSE_MS = 250;
const GIVE_UP_MS = 5 * 60_000;

/** Carries out the plan: SIGKILL, and nothing else. A victim that is not up yet is killed as soon as it is. */
export async function killByPlan(
  instance: Pick<Instance, 'takeDown' | 'bringBack' | 'pid'>,
  plan: readonly Kill[],
  signal: AbortSignal,
): Promise<Killed[]> {
  const startedMs = Date.now();
  const carryOut = async (kill: Kill): Promise<Killed> => {
    await delay(Math.max(0, startedMs + kill.atMs - Date.now()), undefined, { signal });
    while (instance.pid(kill.victim) === undefined) await delay(LOOK_MS, undefined, { signal });
    const killedMs = Date.now();
    await instance.takeDown(kill.victim);
    await delay(PAUSE_MS);
    await bringBack(instance, kill.victim);
    return { ...kill, killedMs, backMs: Date.now() };
  };
  const all = await Promise.allSettled(plan.map(carryOut));
  // Rejected: its turn had not come when the load ended.
  return all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])).sort((a, b) => a.killedMs - b.killedMs);
}

/** Tried for long: whose start fails because another victim is still away would never be back if it were given up. */
async function bringBack(instance: Pick<Instance, 'bringBack'>, victim: Victim): Promise<void> {
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
