import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { OwedFlags } from '#case-client';
import type { SubsystemId } from '#kernel';
import { fakeClock, type FakeClock } from '#testing';
import { FeedbackWatch } from './feedback-watch.worker.js';

const [ONE, OTHER] = ['TEST/GOV/1001/population', 'TEST/GOV/1002/cadastre'] as [SubsystemId, SubsystemId];
const START_MS = 1_000_000;
const NOTHING: OwedFlags = { waiting: 0, waitingMs: 0, behindMs: 0 };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

let clock: FakeClock;
let watch: FeedbackWatch;
/** What feedback says; undefined: it does not answer. */
const said = new Map<SubsystemId, OwedFlags>();
const failures: unknown[] = [];

function watching(subsystems: readonly SubsystemId[] = [ONE, OTHER], isServed = true): void {
  clock = fakeClock(START_MS);
  failures.length = 0;
  for (const subsystem of [ONE, OTHER]) said.set(subsystem, NOTHING);
  const owedFlags = (subsystem: SubsystemId) => () => {
    const owed = said.get(subsystem);
    return owed === undefined ? Promise.reject(new RangeError('away')) : Promise.resolve(owed);
  };
  watch = new FeedbackWatch({
    clients: { isServed, of: (subsystem) => ({ owedFlags: owedFlags(subsystem) }) },
    ...{ subsystems, clock, failed: (cause) => failures.push(cause) },
  });
  watch.start();
}
afterEach(() => watch.stop());

/** So many rounds, three seconds apart. */
async function rounds(number: number): Promise<void> {
  for (let round = 0; round < number; round++) {
    clock.advance(3_000);
    await jest.advanceTimersByTimeAsync(3_000);
  }
}

it('asks for each subsystem every three seconds; nothing owed is no gap', async () => {
  watching();
  expect([watch.heardMs, watch.silentSince()]).toEqual([undefined, undefined]);
  await jest.advanceTimersByTimeAsync(0);
  expect(watch.heardMs).toBe(START_MS);
  await rounds(10);
  expect(watch.heardMs).toBe(START_MS + 30_000);
  expect([watch.silentSince(), watch.owed(), watch.behindSince()]).toEqual([
    undefined,
    { waiting: 0, sinceMs: undefined },
    undefined,
  ]);
});

it('is silent since it was heard last, also about one subsystem alone, until it is heard again', async () => {
  watching();
  await rounds(1);
  said.delete(OTHER);
  await rounds(5);
  expect(watch.silentSince()).toBeUndefined();
  await rounds(1);
  expect(watch.silentSince()).toBe(START_MS + 3_000);
  expect(failures).toHaveLength(6);
  said.set(OTHER, NOTHING);
  await rounds(1);
  expect(watch.silentSince()).toBeUndefined();
});

it('is silent since the start where it never answered', async () => {
  watching();
  said.clear();
  await rounds(6);
  expect([watch.heardMs, watch.silentSince()]).toEqual([undefined, START_MS]);
});

it('owes what waits there for long, by our own clock, and goes on to owe it while it is silent', async () => {
  watching();
  said.set(ONE, { waiting: 2, waitingMs: 1_500, behindMs: 0 });
  await rounds(1);
  expect(watch.owed()).toEqual({ waiting: 2, sinceMs: undefined });
  said.set(ONE, { waiting: 2, waitingMs: 4_500, behindMs: 0 });
  said.set(OTHER, { waiting: 1, waitingMs: 9_000, behindMs: 0 });
  await rounds(1);
  expect(watch.owed()).toEqual({ waiting: 3, sinceMs: START_MS - 3_000 });
  said.clear();
  await rounds(2);
  expect(watch.owed()).toEqual({ waiting: 3, sinceMs: START_MS - 3_000 });
  for (const subsystem of [ONE, OTHER]) said.set(subsystem, NOTHING);
  await rounds(1);
  expect(watch.owed()).toEqual({ waiting: 0, sinceMs: undefined });
});

it('is behind where it has not followed the log for long, or not since the start', async () => {
  watching();
  said.set(ONE, { waiting: 0, waitingMs: 0, behindMs: 15_000 });
  await rounds(1);
  expect(watch.behindSince()).toBeUndefined();
  said.set(ONE, { waiting: 0, waitingMs: 0, behindMs: 20_000 });
  await rounds(1);
  expect(watch.behindSince()).toBe(START_MS - 14_000);
  said.set(ONE, { waiting: 0, waitingMs: 0 });
  await rounds(4);
  expect(watch.behindSince()).toBe(START_MS);
});

it('asks nobody where no feedback is named, and has no time to show where there is nothing to ask for', async () => {
  watching([ONE], false);
  await rounds(10);
  expect([watch.isServed, watch.heardMs, watch.silentSince()]).toEqual([false, undefined, undefined]);
  expect(failures).toEqual([]);
  await watch.stop();
  watching([]);
  await rounds(10);
  expect([watch.isServed, watch.heardMs, watch.silentSince()]).toEqual([true, undefined, undefined]);
});
