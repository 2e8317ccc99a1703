import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import { systemClock } from '#kernel';
import { LogPulse } from './log-pulse.js';
import { StampsWorker, type Stamp } from './stamps.worker.js';

let sent: OutgoingRecord[];
let failures: unknown[];
let isBroken: boolean;
let pulse: LogPulse;
let worker: StampsWorker;
let ended: string[];

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  failures = [];
  ended = [];
  isBroken = false;
  const bus: Pick<Bus, 'publish'> = {
    publish: (records) => {
      sent.push(...records);
      return isBroken ? Promise.reject(new TypeError('down')) : Promise.resolve();
    },
  };
  pulse = new LogPulse(systemClock);
  worker = new StampsWorker(bus as Bus, pulse, systemClock, 3, (cause) => failures.push(cause));
});
afterEach(() => {
  worker.stop();
  jest.useRealTimers();
});

const stamp = (n: number, lifeMs = 60_000): Stamp => ({
  jws: `jws-${n}`,
  leafHash: Buffer.alloc(32, n),
  replyTopics: ['reply.a', 'receipt.b'],
  untilMs: Date.now() + lifeMs,
  ended: (how) => ended.push(`${n} ${how}`),
});

describe('a stamp', () => {
  test('is sent at once, then again and ever more rarely, until its receipt', async () => {
    worker.keep(stamp(1));
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      topic: 'audit.stamp.0',
      partition: 0,
      headers: { reply: ['reply.a', 'receipt.b'] },
    });
    await jest.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(20_000);
    const before = sent.length;
    expect(before).toBeLessThan(10);
    worker.end(Buffer.alloc(32, 1), 'receipt');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(before);
    expect(ended).toEqual(['1 receipt']);
  });

  test('is one of all in 5 s while the log is silent, and all go on when it answers', async () => {
    for (const n of [1, 2, 3]) worker.keep(stamp(n, 600_000));
    await jest.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(6);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent.length - 6).toBeGreaterThanOrEqual(10);
    expect(sent.length - 6).toBeLessThanOrEqual(12);
    const before = sent.length;
    pulse.heard();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(new Set(sent.slice(before).map(({ value }) => String(value)))).toEqual(new Set(['jws-1', 'jws-2', 'jws-3']));
  });

  test('is sent again when the bus did not take it', async () => {
    isBroken = true;
    worker.keep(stamp(1));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(failures.length).toBeGreaterThan(1);
    isBroken = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(sent.length).toBeGreaterThan(failures.length);
  });

  test('is given up when its time is over', async () => {
    worker.keep(stamp(1, 1_000));
    await jest.advanceTimersByTimeAsync(5_000);
    expect(ended).toEqual(['1 expired']);
    expect(worker.size).toBe(0);
  });

  test('finds no room past the limit, and once is enough', () => {
    expect([1, 2, 3, 1, 4].map((n) => worker.keep(stamp(n)))).toEqual([true, true, true, true, false]);
    expect(worker.size).toBe(3);
    expect([worker.holds(Buffer.alloc(32, 1)), worker.holds(Buffer.alloc(32, 4))]).toEqual([true, false]);
  });

  test('of others ends nothing', () => {
    worker.keep(stamp(1));
    worker.end(Buffer.alloc(32, 2), 'receipt');
    expect(ended).toEqual([]);
  });
});
