import { beforeEach, describe, expect, it } from '@jest/globals';
import { fakeClock } from '#testing';
import { ClockWatch } from './clock-watch.js';

const NOW = Date.UTC(2026, 10, 1);
const clock = fakeClock(NOW);
let alarms: unknown[];
let distances: [string, number][];
let watch: ClockWatch;
beforeEach(() => {
  clock.set(NOW);
  [alarms, distances] = [[], []];
  watch = new ClockWatch(clock, {
    clockDistance: (pair, ms) => distances.push([pair, ms]),
    alarm: (_reason, details) => alarms.push(details),
  });
});

/** 32 records that our clock and the consumer's see so much later and earlier than the broker. */
function row(ownMs: number, consumerMs: number): void {
  for (let index = 0; index < 32; index += 1) watch.see(clock.now() - ownMs, clock.now() - ownMs - consumerMs);
}

describe('the clock watch', () => {
  it('is silent while clocks are near, also when single records wait', () => {
    clock.advance(60_000);
    watch.see(clock.now() - 5_000, clock.now() - 9_000);
    row(20, 30);
    expect(alarms).toEqual([]);
    expect(distances).toEqual([
      ['consumer', -30],
      ['own', 20],
    ]);
  });

  it('alarms at once when a record comes from the future', () => {
    watch.see(clock.now() + 501, clock.now() + 501);
    expect(alarms).toEqual([{ pair: 'own', distanceMs: -501 }]);
    watch.see(clock.now(), clock.now() + 700);
    expect(alarms[1]).toEqual({ pair: 'consumer', distanceMs: 700 });
  });

  it('alarms when a whole row is late, once a minute', () => {
    clock.advance(60_000);
    row(501, 0);
    row(502, 0);
    expect(alarms).toEqual([{ pair: 'own', distanceMs: 501 }]);
    clock.advance(60_000);
    row(503, 0);
    expect(alarms).toHaveLength(2);
  });

  it('leaves out what lay on the topic before it began', () => {
    row(10_000, 0);
    expect(alarms).toEqual([]);
  });
});
