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
import { expectOrder } from './log-order.js';
import { HOUR_MS, WrongClock } from './wrong-clock.js';

jest.setTimeout(240_000);

const READ: Call = { target: `${PERSONS}/TEST000001`, client: MYGOV, purpose: 'citizen-view' };
const NAMES = ['gateway', 'cn1', 'audit', 'registry'] as const;
type Name = (typeof NAMES)[number];

let bus: BusUnderTest;
let records: TopicRecord;
let directory: string;
let clocks: Readonly<Record<Name, WrongClock>>;
let startedMs: number;
beforeAll(async () => {
  directory = await temporaryDirectory();
  const of = <Value>(value: (name: Name) => Value) =>
    Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Record<Name, Value>;
  clocks = of((name) => new WrongClock(directory, name));
  startedMs = Date.now();
  bus = await startBus({ env: of((name) => clocks[name].env) });
  records = await TopicRecord.of(bus.instance);
  expect((await call(bus.instance, READ)).status).toBe(200);
});
afterAll(async () => {
  await records.bus.close();
  await bus.end();
  await rm(directory, { recursive: true, force: true });
});

const urlOf = (name: Name) => localUrl(bus.instance.ports[name]);
const alarmsOf = (name: 'gateway' | 'cn1') =>
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
  if (aheadMs === 0) for (const each of NAMES) await eventually(() => isReady(each), { timeoutMs: 60_000 });
}

const answered = async () => {
  const answer = await call(bus.instance, READ);
  expect(answer.status === 200 ? '' : answer.text).toBe('');
};

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
    await answered();
    // Also what it finds on its topic is too old by now.
    expect(await calls()).toBe(before + 1);
  });
});

/** What `/status` of audit says of the log; undefined while it is well. */
async function auditsTrouble(): Promise<string | undefined> {
  const answer = await fetch(`${bus.instance.auditUrl}/status`);
  const { parts } = (await answer.json()) as { parts: { part: string; state: string; reason?: string }[] };
  const log = parts.find(({ part }) => part === 'log');
  return log?.state === 'ok' ? undefined : log?.reason;
}

describe.each([
  [HOUR_MS, /ahead of the broker/],
  [-HOUR_MS, /behind the broker/],
])('with the clock of audit %d ms ahead an exchange', (aheadMs, reason) => {
  it('is answered all the same, for its time is the broker’s, and the status says what is wrong', async () => {
    await startWithClock('audit', aheadMs);
    await eventually(() => isReady('audit'), { timeoutMs: 60_000 });
    await eventually(() => answered().then(() => true), { timeoutMs: 10_000 });
    await eventually(async () => reason.test((await auditsTrouble()) ?? ''), { timeoutMs: 20_000 });

    await startWithClock('audit', 0);
    await eventually(() => answered().then(() => true), { timeoutMs: 10_000 });
    await eventually(async () => (await auditsTrouble()) === undefined, { timeoutMs: 20_000 });
  });
});

describe('with the clock of the registry wrong an exchange goes on with the manifest before', () => {
  const manifests = async () => (await leavesOf(bus.instance)).filter(({ t }) => t === 'registry.manifest').length;
  const fromFuture = () =>
    counterOf(bus.instance.auditUrl, 'kerege_audit_stamps_refused_total', { reason: 'time-future' });
  const refused = () =>
    counterOf(bus.instance.gatewayUrl, 'kerege_gateway_alarms_total', { reason: 'registry-manifest-refused' });

  it('an hour ahead: the log takes none from the future, and the registry is not ready', async () => {
    const [before, count] = await Promise.all([manifests(), fromFuture()]);
    await startWithClock('registry', HOUR_MS);
    await eventually(async () => (await fromFuture()) > count, { timeoutMs: 30_000 });
    expect(await isReady('registry')).toBe(false);
    await answered();
    expect(await manifests()).toBe(before);

    // Ready: it has a manifest of its own in the log again, and does not wait for the hour to come.
    await startWithClock('registry', 0);
    await eventually(async () => (await manifests()) > before, { timeoutMs: 10_000 });
    await answered();
  });

  it('an hour behind: what has run out when it comes is refused by all, with an alarm', async () => {
    const count = await refused();
    await startWithClock('registry', -HOUR_MS);
    await eventually(async () => (await refused()) > count, { timeoutMs: 30_000 });
    await answered();

    await startWithClock('registry', 0);
    await answered();
  });
});

describe('the log, after all that', () => {
  it('has its leaves in the order of the broker, whose time is right', async () => {
    await expectOrder(bus.instance, records, startedMs);
  });

  it('has no request that was made at another time: they are dead letters, with the reason', () => {
    const reasons = records.of(topics.deadAudit).map(({ headers }) => headers['dead-reason']?.[0]);
    expect(reasons).toEqual(expect.arrayContaining(['time-past', 'time-future']));
  });
});
