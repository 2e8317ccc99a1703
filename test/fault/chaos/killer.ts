import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import type { Kill } from './kill-plan.js';

/** A kill that was carried out. */
export interface Killed extends Kill {
  readonly killedMs: number;
}

const LOOK_MS = 20;

/** Carries out the plan: SIGKILL, and nothing else. A victim that is not up yet is killed as soon as it is. */
export async function killByPlan(
  instance: Pick<Instance, 'kill' | 'pid'>,
  plan: readonly Kill[],
  signal: AbortSignal,
): Promise<Killed[]> {
  const startedMs = Date.now();
  const killed: Killed[] = [];
  const carryOut = async (kill: Kill) => {
    await delay(Math.max(0, startedMs + kill.atMs - Date.now()), undefined, { signal });
    while (instance.pid(kill.victim) === undefined) await delay(LOOK_MS, undefined, { signal });
    killed.push({ ...kill, killedMs: Date.now() });
    await instance.kill(kill.victim);
  };
  await Promise.allSettled(plan.map(carryOut));
  return killed.sort((a, b) => a.killedMs - b.killedMs);
}
