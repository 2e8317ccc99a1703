import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AgreedQuota } from '#access';
import type { ServiceId, SubsystemId } from '#kernel';
import type { Count } from './quota.store.js';
import { Quotas } from './quotas.service.js';

/** The counter as PostgreSQL keeps it; `broken` says what becomes of the next question. */
class FakeStore {
  readonly taken = new Map<string, number>();
  broken: 'no effect' | 'effect but error' | 'silent' | undefined;
  asked = 0;

  async take({ period }: Count, most: number): Promise<number> {
    this.asked += 1;
    if (this.broken === 'silent') return new Promise(() => undefined);
    if (this.broken === 'no effect') throw new TypeError('no effect');
    const taken = this.taken.get(period.name) ?? 0;
    const lot = Math.min(most, period.limit - taken);
    this.taken.set(period.name, taken + lot);
    if (this.broken === 'effect but error') throw new TypeError('effect but error');
    return Promise.resolve(lot);
  }

  async giveBack({ period }: Count, calls: number): Promise<void> {
    this.taken.set(period.name, (this.taken.get(period.name) ?? 0) - calls);
    if (this.broken !== undefined) throw new TypeError('effect but error');
    return Promise.resolve();
  }

  async sweep(): Promise<void> {
    return Promise.resolve();
  }
}

const NOON = Date.parse('2026-11-28T12:00:00Z');
let nowMs = NOON;
let store: FakeStore;
const failed = jest.fn();

beforeEach(() => {
  nowMs = NOON;
  store = new FakeStore();
  failed.mockClear();
});

function quotas(lot = 10, waitMs = 50, maxWaiting = 100): Quotas {
  return new Quotas({ store, clock: { now: () => nowMs }, failed }, { lot, waitMs, maxWaiting });
}

async function spend(counted: Quotas, quota?: AgreedQuota, times = 1): Promise<string[]> {
  const agreement = { endpoints: ['GET /{pin}'], purposes: ['p'], quota };
  const call = { consumer: 'T/G/1/a' as SubsystemId, service: 'T/G/2/b/c' as ServiceId, agreement };
  const told = await Promise.all(Array.from({ length: times }, () => counted.spend(call)));
  return told.map((one) => (one.ok ? 'passes' : one.reason));
}

const passed = (told: readonly string[]) => told.filter((one) => one === 'passes').length;

describe('Quotas', () => {
  it('asks nobody about an agreement without a quota', async () => {
    expect(await spend(quotas())).toEqual(['passes']);
    expect(store.asked).toBe(0);
  });

  it('lets no more pass than were agreed, however many come at once, and asks once a lot', async () => {
    const told = await spend(quotas(), { day: 25 }, 40);
    expect([passed(told), store.taken.get('2026-11-28')]).toEqual([25, 25]);
    expect(told.filter((one) => one === 'quota-day-spent')).toHaveLength(15);
    expect(store.asked).toBe(4);
  });

  it('counts together with another of the same counter', async () => {
    const [one, other] = [quotas(3), quotas(3)];
    const told = await Promise.all([spend(one, { day: 9 }, 9), spend(other, { day: 9 }, 9)]);
    expect(passed(told.flat())).toBe(9);
  });

  it('counts in day and month, or in neither', async () => {
    const counted = quotas(1);
    expect(await spend(counted, { day: 5, month: 2 }, 1)).toEqual(['passes']);
    expect(await spend(counted, { day: 5, month: 2 }, 1)).toEqual(['passes']);
    expect(await spend(counted, { day: 5, month: 2 }, 1)).toEqual(['quota-month-spent']);
    expect(await spend(counted, { day: 5, month: 2 }, 1)).toEqual(['quota-month-spent']);
    // What it holds of the day is one call, not one for each that the month did not allow.
    expect(store.taken.get('2026-11-28')).toBe(3);
  });

  it('begins anew when the day ends, and gives back what is left of the old one', async () => {
    const counted = quotas(4);
    await spend(counted, { day: 5 }, 1);
    nowMs = Date.parse('2026-11-29T00:00:00Z');
    expect(await spend(counted, { day: 5 }, 5)).toEqual(Array<string>(5).fill('passes'));
    expect([...store.taken]).toEqual([
      ['2026-11-28', 1],
      ['2026-11-29', 5],
    ]);
  });

  it('takes a smaller quota at its word at once', async () => {
    const counted = quotas(10);
    await spend(counted, { day: 100 }, 3);
    expect(passed(await spend(counted, { day: 5 }, 10))).toBe(2);
  });

  it('asks again after a while whether all is spent: another may have given back', async () => {
    const counted = quotas();
    await spend(counted, { day: 1 }, 2);
    store.taken.set('2026-11-28', 0);
    expect(await spend(counted, { day: 1 })).toEqual(['quota-day-spent']);
    nowMs += 2_000;
    expect(await spend(counted, { day: 1 })).toEqual(['passes']);
  });

  it.each(['no effect', 'effect but error'] as const)('lets nothing pass uncounted: %s', async (broken) => {
    const counted = quotas(3);
    store.broken = broken;
    expect(await spend(counted, { day: 5 })).toEqual(['quota-uncounted']);
    expect(failed).toHaveBeenCalledWith('quota-not-counted', expect.anything());
    store.broken = undefined;
    // It stands for a second, so that a crowd does not wait for a database that is away.
    expect(await spend(counted, { day: 5 })).toEqual(['quota-uncounted']);
    nowMs += 1_000;
    expect(passed(await spend(counted, { day: 5 }, 9))).toBe(broken === 'no effect' ? 5 : 2);
  });

  it('lets pass what it has taken while the database is away', async () => {
    const counted = quotas(3);
    await spend(counted, { day: 5 });
    store.broken = 'no effect';
    expect(await spend(counted, { day: 5 }, 3)).toEqual(['passes', 'passes', 'quota-uncounted']);
  });

  it('waits for a silent database with few, and not for long', async () => {
    store.broken = 'silent';
    const told = await spend(quotas(3, 50, 2), { day: 5 }, 20);
    expect(new Set(told)).toEqual(new Set(['quota-uncounted']));
  });

  it.each([undefined, 'effect but error'] as const)('gives back at its end, once: %s', async (broken) => {
    const counted = quotas(5);
    await spend(counted, { day: 5 }, 2);
    store.broken = broken;
    await counted.stop();
    await counted.stop();
    expect(store.taken.get('2026-11-28')).toBe(2);
    expect(await spend(counted, { day: 5 })).toEqual(['quota-uncounted']);
  });
});
