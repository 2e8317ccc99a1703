import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kill, Victim } from './kill-plan.js';
import { killByPlan } from './killer.js';

const AWAY_MS = 1_500;

/** Processes of which each takes long to come back, and all of which live but those named. */
function slowProcesses(...away: readonly Victim[]) {
  const down = new Set<string>(away);
  return {
    down,
    pid: (name: string) => (down.has(name) ? undefined : 1),
    takeDown: (name: string) => Promise.resolve(void down.add(name)),
    bringBack: async (name: string) => {
      await delay(AWAY_MS);
      down.delete(name);
    },
  };
}

const kill = (atMs: number, kind: Kill['kind'], victim: Victim): Kill => ({ atMs, kind, victim });
const gapsOf = (times: readonly number[]) => times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));

describe('killByPlan', () => {
  it('goes on killing at the moments of the plan while its victims are away, and carries the plan out all the same', async () => {
    const plan = [kill(10, 'broker', 'kafka'), kill(200, 'broker', 'kafka'), kill(400, 'gateway', 'gateway')];
    const instance = slowProcesses();
    const killed = await killByPlan(instance, plan, new AbortController().signal);
    // The second time the broker is still away: the gateway's turn comes first, then another kind's, then the broker's.
    expect(killed.map(({ victim }) => victim)).toEqual(['kafka', 'gateway', 'gateway2', 'kafka']);
    const [first = 0, second = 0] = gapsOf(killed.map(({ killedMs }) => killedMs));
    expect(Math.max(first, second)).toBeLessThan(AWAY_MS);
    expect(instance.down).toEqual(new Set());
  });

  it('kills nothing of a kind that the plan has not', async () => {
    const plan = [kill(10, 'broker', 'kafka'), kill(50, 'broker', 'kafka')];
    const killed = await killByPlan(slowProcesses(), plan, new AbortController().signal);
    expect(killed.map(({ victim }) => victim)).toEqual(['kafka', 'kafka']);
  });

  it('ends with the load, whatever the plan has left', async () => {
    const storm = new AbortController();
    const killing = killByPlan(slowProcesses('kafka'), [kill(10, 'broker', 'kafka')], storm.signal);
    await delay(100);
    storm.abort();
    expect(await killing).toEqual([]);
  });
});
