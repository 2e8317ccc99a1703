import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { eventually } from '#testing';
import { localUrl } from '../../../apps/sandbox/src/instance/layout.js';
import { accountOf, leavesOf } from '../harness/accounts.js';
import {
  call,
  ledger,
  MYGOV,
  PERSONS,
  startBus,
  temporaryDirectory,
  type BusUnderTest,
  type Call,
} from '../../system/spec-support/bus-under-test.js';
import { counterOf } from '../../system/spec-support/counters.js';
import { TopicRecord, topics } from '../../system/spec-support/topic-record.js';
import { HOUR_MS, WrongClock } from './wrong-clock.js';

jest.setTimeout(240_000);

const READ: Call = { target: `${PERSONS}/TEST000001`, client: MYGOV, purpose: 'citizen-view' };
type Name = 'gateway' | 'cn1';

let bus: BusUnderTest;
let records: TopicRecord;
let directory: string;
let clocks: Readonly<Record<Name, WrongClock>>;
let startedMs: number;
beforeAll(async () => {
  directory = await temporaryDirectory();
  clocks = { gateway: new WrongClock(directory, 'gateway'), cn1: new WrongClock(directory, 'cn1') };
  startedMs = Date.now();
  bus = await startBus({ env: { gateway: clocks.gateway.env, cn1: clocks.cn1.env } });
  records = await TopicRecord.of(bus.instance);
  expect((await call(bus.instance, READ)).status).toBe(200);
});
afterAll(async () => {
  await records.bus.close();
  await bus.end();
  await rm(directory, { recursive: true, force: true });
});

const urlOf = (name: Name) => (name === 'gateway' ? bus.instance.gatewayUrl : localUrl(bus.instance.ports.cn1));
const alarmsOf = (name: Name) =>
  counterOf(urlOf(name), `kerege_${name === 'gateway' ? 'gateway' : 'connector'}_alarms_total`, {});
const isReady = (name: Name) =>
  fetch(`${urlOf(name)}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Starts a process anew with its clock so far ahead; resolves when it lives, or, if its clock is right, is ready. */
async function startWithClock(name: Name, aheadMs: number): Promise<void> {
  clocks[name].setAhead(aheadMs);
  await bus.instance.terminate(name);
  await eventually(
    () =>
      fetch(`${urlOf(name)}/live`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeoutMs: 60_000 },
  );
  if (aheadMs === 0)
    for (const each of ['cn1', 'gateway'] as const) await eventually(() => isReady(each), { timeoutMs: 60_000 });
}

/** A call that must not be answered; its exchange, if it became one. */
async function refusedCall(): Promise<string | undefined> {
  const headers = { Accept: 'application/problem+json', 'Kerege-Deadline': '3000' };
  const answer = await call(bus.instance, { ...READ, headers });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  const problem = JSON.parse(answer.text) as { code?: string; exchangeId?: string };
  expect(problem.code).toMatch(/^[a-z-]+$/);
  return problem.exchangeId;
}

const calls = async () => (await ledger(bus.instance, 'population')).length;

describe.each([
  ['gateway', HOUR_MS, 'refused: its copy of the registry has run out', []],
  ['gateway', -HOUR_MS, 'stated as failed: the log does not take its requests', [/^failed /]],
  ['cn1', HOUR_MS, 'stated as failed: its copy of the registry has run out', [/^requested$/, /^failed /]],
  ['cn1', -HOUR_MS, 'stated as failed: it drops what is from the future', [/^requested$/, /^failed /]],
] as const)('with the clock of %s %d ms ahead an exchange', (name, aheadMs, what, leaves) => {
  it(`is ${what}, with an alarm, and never reaches an agency`, async () => {
    const before = await calls();
    await startWithClock(name, aheadMs);
    // A gateway that is ready, or one that will not be: both are asked.
    if (name === 'cn1' || aheadMs < 0)
      await eventually(() => isReady('gateway').then((ok) => ok || name === 'cn1'), { timeoutMs: 30_000 });
    const id = await refusedCall();
    await eventually(async () => (await alarmsOf(name)) > 0, { timeoutMs: 20_000 });
    if (leaves.length === 0) expect(id).toBeUndefined();
    else
      await eventually(
        async () => {
          const account = await accountOf(bus.instance, id ?? '');
          return (
            account.leaves.length === leaves.length && leaves.every((leaf, at) => leaf.test(account.leaves[at] ?? ''))
          );
        },
        { timeoutMs: 20_000 },
      );
    expect(await calls()).toBe(before);

    await startWithClock(name, 0);
    const answer = await call(bus.instance, READ);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    // Also what it finds on its topic is too old by now.
    expect(await calls()).toBe(before + 1);
  });
});

describe('the log, after all that', () => {
  it('has its leaves in the order of the broker, whose time is right', async () => {
    const leaves = await leavesOf(bus.instance);
    const first = records.firstStamps();
    const order = leaves.map(({ hash }) => first.get(hash) ?? -1n);
    expect(order).not.toContain(-1n);
    expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : 1)));
    const times = records.of(topics.stamp).map(({ timestampMs }) => timestampMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(startedMs - 60_000);
    expect(times.at(-1)).toBeLessThan(Date.now() + 60_000);
  });

  it('has no request that was made at another time: they are dead letters, with the reason', () => {
    const reasons = records.of(topics.deadAudit).map(({ headers }) => headers['dead-reason']?.[0]);
    expect(reasons).toContain('time-past');
  });
});
