import { beforeEach, describe, expect, test } from '@jest/globals';
import { fakeClock, type FakeClock } from '#testing';
import { LogPulse } from './log-pulse.js';

let clock: FakeClock;
let pulse: LogPulse;

beforeEach(() => {
  clock = fakeClock();
  pulse = new LogPulse(clock);
});

function acknowledged() {
  const sending = pulse.sent();
  sending.isAcknowledged = true;
  return sending;
}

describe('a stamp is worth repeating', () => {
  test('while the broker may not hold it', () => {
    const sending = pulse.sent();
    expect(pulse.isWorthRepeating(sending)).toBe(true);
    sending.isAcknowledged = true;
    expect(pulse.isWorthRepeating(sending)).toBe(false);
  });

  test('when another receipt came since it was sent, not by one before', () => {
    pulse.heard();
    clock.advance(1);
    const sending = acknowledged();
    clock.advance(1_000);
    expect(pulse.isWorthRepeating(sending)).toBe(false);
    pulse.heard();
    expect([pulse.isPassedOver(sending), pulse.isWorthRepeating(sending)]).toEqual([true, true]);
  });

  test('once in 5 s while the log is silent', () => {
    const sending = acknowledged();
    clock.advance(4_999);
    expect(pulse.isWorthRepeating(sending)).toBe(false);
    clock.advance(1);
    expect([pulse.isPassedOver(sending), pulse.isWorthRepeating(sending)]).toEqual([false, true]);
  });
});

describe('silence', () => {
  test('is counted from the first statement after the last receipt', () => {
    clock.advance(60_000);
    expect(pulse.silentMs()).toBe(0);
    acknowledged();
    clock.advance(3_000);
    acknowledged();
    expect(pulse.silentMs()).toBe(3_000);
    pulse.heard();
    expect(pulse.silentMs()).toBe(0);
    clock.advance(10_000);
    expect(pulse.silentMs()).toBe(0);
    acknowledged();
    clock.advance(10);
    expect(pulse.silentMs()).toBe(10);
  });

  test('ends for those who wait at the next receipt', async () => {
    const heard = Promise.all([pulse.next(), pulse.next()]);
    pulse.heard();
    expect(await heard).toHaveLength(2);
  });
});
