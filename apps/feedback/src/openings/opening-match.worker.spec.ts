import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { eventually, fakeClock } from '#testing';
import type { Lane } from './inbox.store.js';
import type { Matched } from './opening-match.service.js';
import { MatchWorker } from './opening-match.worker.js';

const NOTHING: Matched = { openings: 0, rows: 0, flawed: [], isFull: false };
const KEEP_MS = 1_000;

let worker: MatchWorker;
afterEach(() => worker.stop());

/** `match` is asked for each pass of a lane, numbered from 1. */
function started(match: (lane: Lane, pass: number) => Matched) {
  const seen = { passes: [0, 0], expired: 0, failures: 0 };
  worker = new MatchWorker({
    match: {
      // As a database does, it lets everything else go on meanwhile.
      match: async (_limit, lane) => {
        await setImmediate();
        const pass = (seen.passes[lane] ?? 0) + 1;
        seen.passes[lane] = pass;
        return match(lane, pass);
      },
      expire: () => {
        seen.expired += 1;
        return Promise.resolve(0);
      },
    },
    ...{ clock: fakeClock(0), keepMs: KEEP_MS, matched: () => undefined, flawed: () => undefined },
    failed: () => void (seen.failures += 1),
  });
  worker.start();
  return seen;
}

it('matches one lane, and puts old openings away, however long the backlog of the other is', async () => {
  const seen = started((lane) => (lane === 0 ? { ...NOTHING, openings: 500, isFull: true } : NOTHING));
  await eventually(() => seen.passes.every((passes) => passes > 0));
  worker.wake();
  await eventually(() => (seen.passes[1] ?? 0) > 1 && seen.expired > 0);
});

it('goes through a backlog without a pause, also where each pass leaves one that waits for its order', async () => {
  const last = 200;
  const seen = started((_lane, pass) => ({ ...NOTHING, openings: 499, isFull: pass < last }));
  await eventually(() => seen.passes.every((passes) => passes >= last));
});

it('matches the other lane while one fails, and says that one does', async () => {
  const seen = started((lane, pass) => {
    if (lane === 0) throw new TypeError('no database');
    return { ...NOTHING, isFull: pass < 5 };
  });
  await eventually(() => (seen.passes[1] ?? 0) >= 5 && seen.failures > 0);
  expect(worker.failure).toBeDefined();
});
