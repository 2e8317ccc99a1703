import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Rounds } from './rounds.js';

describe('rounds', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('follow each other at the pause that each asks for, and one at a time', async () => {
    const ends: (() => void)[] = [];
    const round = jest.fn(() => new Promise<number>((resolve) => ends.push(() => resolve(50))));
    const rounds = new Rounds(round, () => undefined, 10);
    rounds.start(5);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(round).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(49);
    expect(round).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(round).toHaveBeenCalledTimes(2);
  });

  it('go on after one that failed, which is told', async () => {
    const told: unknown[] = [];
    const round = jest.fn(() => Promise.reject(new RangeError('no')));
    new Rounds(round, (cause) => told.push(cause), 10).start();
    await jest.advanceTimersByTimeAsync(15);
    expect(round).toHaveBeenCalledTimes(2);
    expect(told).toEqual([new RangeError('no'), new RangeError('no')]);
  });

  it('begin at once when asked, never two at a time, and never after the end', async () => {
    let end: () => void = () => undefined;
    const round = jest.fn(() => new Promise<number>((resolve) => (end = () => resolve(1_000))));
    const rounds = new Rounds(round, () => undefined, 10);
    rounds.start();
    await jest.advanceTimersByTimeAsync(0);
    rounds.soon();
    await jest.advanceTimersByTimeAsync(500);
    expect(round).toHaveBeenCalledTimes(1);
    end();
    await jest.advanceTimersByTimeAsync(0);
    expect(round).toHaveBeenCalledTimes(2);
    const stopped = rounds.stop();
    end();
    await stopped;
    rounds.soon();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(round).toHaveBeenCalledTimes(2);
    expect(rounds.isStopping).toBe(true);
  });
});
