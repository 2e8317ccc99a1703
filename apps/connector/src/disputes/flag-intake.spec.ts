import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { defineErrors, type SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import { fakeClock } from '#testing';
import type { DeliveredFlag } from './dispute.store.js';
import { FlagIntake } from './flag-intake.service.js';

const specErrors = defineErrors('spec', { away: { kind: 'unavailable', message: 'Away.', next: 'Wait.' } });
const subsystem = 'TEST/GOV/1001/population' as SubsystemId;
const START_MS = 1_000_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const flagOf = (flag: string, isOn = true): DeliveredFlag => ({
  ...{ subsystem, flag, isOn, atMs: START_MS, value: Buffer.from(flag) },
});
const names = (flags: readonly DeliveredFlag[]) => flags.map(({ flag }) => flag);

/** A table that takes what `refusal` has nothing against, all of a transaction or nothing. */
function scene() {
  const clock = fakeClock(START_MS);
  const tried: string[][] = [];
  const table: string[] = [];
  const failures: unknown[] = [];
  const is = { full: false, refusal: (_flag: string): Error | undefined => undefined };
  const take = (_queries: unknown, flags: readonly DeliveredFlag[]) => {
    tried.push(names(flags));
    const refused = names(flags)
      .map((flag) => is.refusal(flag))
      .find((cause) => cause !== undefined);
    if (refused !== undefined) return Promise.reject(refused);
    table.push(...names(flags));
    return Promise.resolve();
  };
  const intake = new FlagIntake({
    database: { transaction: (work) => work(undefined as unknown as Queries) },
    store: { take },
    clock,
    hasRoom: () => !is.full,
    taken: () => undefined,
    failed: (cause) => failures.push(cause),
  });
  intake.start();
  return { intake, clock, tried, table, failures, is };
}

const passed = (ms = 0) => jest.advanceTimersByTimeAsync(ms);

it('writes together what came together', async () => {
  const { intake, tried } = scene();
  const all = Promise.all([intake.take(flagOf('a')), intake.take(flagOf('b')), intake.take(flagOf('c', false))]);
  expect(intake.sizes).toEqual({ waiting: 3, sinceMs: START_MS });
  await passed();
  expect(await all).toEqual([true, true, true]);
  expect(tried).toEqual([['a', 'b', 'c']]);
  expect(intake.sizes).toEqual({ waiting: 0, sinceMs: undefined });
  await intake.stop();
});

it('writes them one by one if one of them fails, which comes again, ever more rarely, and delays no other', async () => {
  const { intake, clock, tried, table, failures, is } = scene();
  is.refusal = (flag) => (flag === 'poison' ? new RangeError('refused') : undefined);
  const poison = intake.take(flagOf('poison'));
  const others = Promise.all([intake.take(flagOf('a')), intake.take(flagOf('b'))]);
  await passed();
  expect(await others).toEqual([true, true]);
  expect(tried).toEqual([['poison', 'a', 'b'], ['poison'], ['a'], ['b']]);
  clock.advance(60_000);
  await passed(60_000);
  expect(intake.sizes).toEqual({ waiting: 1, sinceMs: START_MS });
  // 100, 200, … up to 5000 ms.
  const again = tried.length;
  expect(again).toBeLessThan(25);
  expect(failures).toHaveLength(again - 3);
  const behind = intake.take(flagOf('behind'));
  await passed();
  expect(await behind).toBe(true);
  is.refusal = () => undefined;
  await passed(5_000);
  expect(await poison).toBe(true);
  expect(table).toEqual(['a', 'b', 'behind', 'poison']);
  await intake.stop();
});

it('tries nothing one by one at a database that is away', async () => {
  const { intake, tried, table, is } = scene();
  is.refusal = () => specErrors.error('away');
  const all = Promise.all([intake.take(flagOf('a')), intake.take(flagOf('b'))]);
  await passed();
  expect(tried).toEqual([['a', 'b']]);
  is.refusal = () => undefined;
  await passed(200);
  expect(await all).toEqual([true, true]);
  expect(table).toEqual(['a', 'b']);
  await intake.stop();
});

it('full, it takes no other flag, but every end of one, until there is room', async () => {
  const { intake, tried, failures, is } = scene();
  is.full = true;
  const on = intake.take(flagOf('on'));
  const off = intake.take(flagOf('off', false));
  await passed();
  expect(await off).toBe(true);
  expect(tried).toEqual([['off']]);
  expect(failures).toMatchObject([{ code: 'disputes-full' }]);
  is.full = false;
  await passed(5_000);
  expect(await on).toBe(true);
  await intake.stop();
});

it('gives up at its end what waits, and takes nothing more', async () => {
  const { intake, is } = scene();
  is.refusal = () => specErrors.error('away');
  const waiting = intake.take(flagOf('a'));
  await passed();
  await intake.stop();
  expect(await waiting).toBe(false);
  expect(await intake.take(flagOf('b'))).toBe(false);
  expect(intake.sizes.waiting).toBe(0);
});
