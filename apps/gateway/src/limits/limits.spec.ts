import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AccessAgreement } from '#access';
import type { ServiceId, SubsystemId } from '#kernel';
import { limitHeaders } from './limit-headers.js';
import { Limits, type LimitedCall } from './limits.service.js';
import { Sweeps, type SweepAlarm } from './sweeps.service.js';
import { bucketAt } from './token-bucket.js';

const NOON = Date.parse('2026-11-28T12:00:00Z');
const HALF_DAY_S = 12 * 60 * 60;

let alarm: jest.Mock<SweepAlarm>;
let sweeps: Sweeps;
let limits: Limits;
beforeEach(() => {
  alarm = jest.fn<SweepAlarm>();
  sweeps = new Sweeps(alarm);
  limits = new Limits(sweeps);
});

function call(terms: Partial<AccessAgreement>, code?: string, consumer = 'T/G/1/a'): LimitedCall {
  const agreement = { endpoints: ['GET /{pin}'], purposes: ['p'], until: '2099-01-01T00:00:00Z', ...terms };
  const subject = code === undefined ? undefined : { country: 'T', type: 'PIN', code };
  return { consumer: consumer as SubsystemId, service: 'T/G/2/b/c' as ServiceId, agreement, purpose: 'p', subject };
}

function told(one: LimitedCall, atMs = NOON) {
  const within = limits.admit(one, atMs);
  return within.ok ? 'passes' : [within.reason.code, within.reason.retryAfterS];
}

const spent = { kind: 'refused', code: 'quota-day-spent', decidedBy: 'connector' } as const;

describe('a rate', () => {
  const rate = { perSecond: 2, burst: 3 };

  it('lets a burst through, then as many as were agreed', () => {
    const one = call({ rate });
    expect([told(one), told(one), told(one), told(one)]).toEqual(['passes', 'passes', 'passes', ['rate-exceeded', 1]]);
    expect([told(one, NOON + 500), told(one, NOON + 500)]).toEqual(['passes', ['rate-exceeded', 1]]);
    expect([1, 2, 3, 4].map(() => told(one, NOON + 60_000))).toEqual([
      ...['passes', 'passes', 'passes'],
      ['rate-exceeded', 1],
    ]);
  });

  it('says how long a slow one takes', () => {
    const slow = call({ rate: { perSecond: 0.1, burst: 1 } });
    expect([told(slow), told(slow), told(slow, NOON + 4_000)]).toEqual([
      ...['passes', ['rate-exceeded', 10], ['rate-exceeded', 6]],
    ]);
  });

  it('is of one agreement, and gains nothing by a clock that goes back', () => {
    const one = call({ rate: { perSecond: 1, burst: 1 } });
    expect([told(one), told({ ...one, consumer: 'T/G/1/other' as SubsystemId })]).toEqual(['passes', 'passes']);
    expect(told(one, NOON - 60_000)).toEqual(['rate-exceeded', 1]);
    expect(bucketAt({ tokens: 0, atMs: NOON }, rate, NOON - 1)).toEqual({ tokens: 0, atMs: NOON - 1 });
  });

  it('is told in the headers of the draft', () => {
    const one = call({ rate, quota: { day: 10, month: 100 } });
    limits.admit(one, NOON);
    expect(limitHeaders(limits.readings(one, NOON))).toEqual([
      { name: 'RateLimit-Policy', value: '"rate";q=3;w=2, "day";q=10;w=86400, "month";q=100;w=2592000' },
      { name: 'RateLimit', value: '"rate";r=2;t=1' },
    ]);
    limits.heard(one, spent, NOON);
    expect(limitHeaders(limits.readings(one, NOON))[1]?.value).toBe(`"rate";r=2;t=1, "day";r=0;t=${HALF_DAY_S}`);
    expect(limitHeaders(limits.readings(call({}), NOON))).toEqual([]);
  });
});

describe('a quota', () => {
  const one = call({ quota: { day: 10 }, rate: { perSecond: 1, burst: 1 } });

  it('is counted by nobody here', () => {
    const free = call({ quota: { day: 1 } });
    expect([told(free), told(free), told(free)]).toEqual(['passes', 'passes', 'passes']);
  });

  it('is remembered as spent for a minute, not beyond the period, and costs nothing of the rate', () => {
    expect(limits.heard(one, spent, NOON)).toBe(HALF_DAY_S);
    expect(told(one)).toEqual(['quota-day-spent', HALF_DAY_S]);
    expect(told(one, NOON + 59_000)).toEqual(['quota-day-spent', HALF_DAY_S - 59]);
    // A connector that has stopped may have given some back.
    expect(told(one, NOON + 60_000)).toBe('passes');
    const last = NOON + (HALF_DAY_S - 10) * 1_000;
    expect(limits.heard(one, spent, last)).toBe(10);
    expect(told(one, last + 9_000)).toEqual(['quota-day-spent', 1]);
    expect(told(one, last + 10_000)).toBe('passes');
  });

  it('is another when it is larger, or of others', () => {
    limits.heard(one, spent, NOON);
    expect(told(call({ quota: { day: 11 } }))).toBe('passes');
    expect(told(call({ quota: { day: 10 } }, undefined, 'T/G/1/other'))).toBe('passes');
  });

  it.each([
    ['an answer', { kind: 'answered' }],
    ['what this gateway decided', { ...spent, decidedBy: 'gateway' as const }],
    ['another refusal', { ...spent, code: 'agreement-ended' }],
    ['a period that the agreement does not have', { ...spent, code: 'quota-month-spent' }],
    ['a failure', { ...spent, kind: 'failed' }],
  ])('is not taken for spent after %s', (_, outcome) => {
    expect(limits.heard(one, outcome, NOON)).toBeUndefined();
    expect(told(one)).toBe('passes');
  });

  it('is not taken for spent when the refusal may still mean the day before', () => {
    const midnight = Date.parse('2026-11-29T00:00:00Z');
    expect(limits.heard(one, spent, midnight + 300)).toBe(1);
    expect(told(one, midnight + 300)).toBe('passes');
    expect(limits.heard(one, spent, midnight + 2_000)).toBe(2 * HALF_DAY_S - 2);
  });
});

describe('a sweep', () => {
  const sweep = { subjectsPerHour: 50 };
  const ask = (agreed: AccessAgreement['sweep'], from: number, to: number, atMs = NOON) =>
    Array.from({ length: to - from }, (_, index) => told(call({ sweep: agreed }, `P${from + index}`), atMs));

  it('is reported once, without any person, and lets through', () => {
    expect(new Set(ask(sweep, 0, 45))).toEqual(new Set(['passes']));
    expect(alarm).not.toHaveBeenCalled();
    expect(new Set(ask(sweep, 45, 90))).toEqual(new Set(['passes']));
    expect(alarm).toHaveBeenCalledTimes(1);
    expect(alarm.mock.calls[0]?.[0]).toEqual({
      ...{ consumer: 'T/G/1/a', purpose: 'p', agreed: 50 },
      subjectsPerHour: expect.any(Number),
    });
    expect(sweeps.reading(NOON)).toMatchObject({ state: 'degraded', details: { watched: 1, sweeping: 1 } });
  });

  it('is not asking about the same persons again and again', () => {
    for (let round = 0; round < 20; round += 1) ask(sweep, 0, 40);
    expect(alarm).not.toHaveBeenCalled();
  });

  it('is braked where that is agreed, for known persons too, until the hour has passed', () => {
    const braked = { ...sweep, brake: true };
    const first = ask(braked, 0, 60);
    expect(first.slice(0, 45)).toEqual(Array<string>(45).fill('passes'));
    expect(first.at(-1)).toEqual(['sweep-braked', 600]);
    expect(ask(braked, 0, 1, NOON + 59 * 60_000)).toEqual([['sweep-braked', 60]]);
    expect(ask(braked, 0, 1, NOON + 60 * 60_000)).toEqual(['passes']);
    expect(sweeps.sweeping(NOON + 60 * 60_000)).toBe(0);
    // A new one is alarmed about anew.
    ask(braked, 100, 160, NOON + 61 * 60_000);
    expect(alarm).toHaveBeenCalledTimes(2);
  });

  it('counts nobody where only the answer tells who it is', () => {
    for (let one = 0; one < 100; one += 1) told(call({ sweep: { ...sweep, brake: true } }));
    expect(alarm).not.toHaveBeenCalled();
  });
});
