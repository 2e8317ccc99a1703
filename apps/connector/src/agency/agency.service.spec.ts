import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseServiceId, systemClock, type Clock, type ServiceId, type SubsystemId } from '#kernel';
import { eventually, fakeClock } from '#testing';
import type { AgencyDoors } from './agency-doors.service.js';
import { localDoors } from './spec-support/local-doors.js';
import { AgencyService, type AgencyCall, type AgencyLimits } from './agency.service.js';

function service(code: string): ServiceId {
  const id = parseServiceId(`TEST/GOV/1/a/${code}`);
  if (!id.ok) throw new TypeError('the service of this spec is none');
  return id.value;
}

const STOPPED = service('stopped');
const WORKING = service('working');
const limits: AgencyLimits = {
  maxBodyBytes: 100,
  maxInFlight: 30,
  connections: 4,
  breakerResetMs: 1_000,
  breakerVolume: 1_000,
};

let stopped: Server;
let working: Server;
let hung = 0;
/** How long the working one takes. */
let workMs = 0;
let agencies: AgencyService;
let doors: AgencyDoors;

const urlOf = (server: Server) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const open = (changes: Partial<AgencyLimits> = {}, clock: Clock = systemClock) =>
  new AgencyService(
    new Map([
      [STOPPED, urlOf(stopped)],
      [WORKING, urlOf(working)],
    ]),
    { ...limits, ...changes },
    clock,
    doors,
  );

function callOf(to: ServiceId, forMs = 20_000, consumer = 'TEST/GOV/2/greedy'): AgencyCall {
  return {
    consumer: consumer as SubsystemId,
    service: to,
    method: 'POST',
    path: '/',
    query: undefined,
    headers: [],
    body: Buffer.alloc(0),
    deadlineMs: Date.now() + forMs,
    // As much as the consumer allows: whoever waits in vain has waited fairly.
    timeoutMs: forMs,
  };
}

beforeEach(async () => {
  doors = await localDoors([STOPPED, WORKING]);
  hung = 0;
  stopped = await listen(createServer(() => (hung += 1)));
  workMs = 0;
  working = await listen(
    createServer((request, response) => {
      // Some cut connections without a word.
      if (request.url === '/cut') response.socket?.destroy();
      else setTimeout(() => response.end('ok'), workMs);
    }),
  );
});
afterEach(async () => {
  await agencies.close();
  for (const server of [stopped, working]) {
    server.closeAllConnections();
    server.close();
  }
});

describe('an agency', () => {
  it('is not called at its deadline, and its breaker hears nothing of it', async () => {
    const clock = fakeClock();
    agencies = open({ breakerVolume: 1 }, clock);
    const answer = await agencies.call({ ...callOf(STOPPED), deadlineMs: clock.now() });
    expect(answer).toEqual({ ok: false, reason: { why: 'agency-timeout', sent: false } });
    expect([hung, agencies.breakers().map(({ state }) => state)]).toEqual([0, ['closed', 'closed']]);
  });

  it('that has stopped holds no more than a third for one consumer, and refuses the rest at once', async () => {
    agencies = open();
    const calls = Array.from({ length: 30 }, () => agencies.call(callOf(STOPPED)));
    const surplus = await Promise.all(calls.slice(10));
    expect(surplus).toEqual(Array(20).fill({ ok: false, reason: { why: 'connector-busy', sent: false } }));
    // Open at once are as many as there are connections; the others wait for their turn.
    expect(agencies.queued()).toBe(6);
    await eventually(() => hung === 4);
    const mine = await Promise.all([agencies.call(callOf(WORKING)), agencies.call(callOf(WORKING))]);
    expect(mine.map(({ ok }) => ok)).toEqual([true, true]);
    // Another consumer of the stopped one has its turn as soon as one comes free, before the greedy one's queue.
    void agencies.call(callOf(STOPPED, 20_000, 'TEST/GOV/3/modest'));
    expect(agencies.queued()).toBe(7);
  });

  it('is not called with less than half the time, and its breaker does not open for our queue', async () => {
    agencies = open({ connections: 1, breakerVolume: 1 });
    void agencies.call(callOf(STOPPED));
    expect(await agencies.call(callOf(STOPPED, 100))).toEqual({
      ok: false,
      reason: { why: 'connector-busy', sent: false },
    });
    expect(agencies.breakers().map(({ state }) => state)).toEqual(['closed', 'closed']);
    expect([agencies.queued(), hung]).toEqual([0, 1]);
  });

  it('behind an open breaker is refused at once, whoever still waits for it', async () => {
    agencies = open({ connections: 1, breakerVolume: 1, breakerResetMs: 60_000 });
    const called = agencies.call(callOf(STOPPED, 100));
    const waiting = agencies.call(callOf(STOPPED, 20_000));
    expect(await called).toMatchObject({ reason: { why: 'agency-timeout', sent: true } });
    expect(await waiting).toEqual({ ok: false, reason: { why: 'breaker-open', sent: false } });
    expect(await agencies.call(callOf(STOPPED))).toEqual({ ok: false, reason: { why: 'breaker-open', sent: false } });
    expect(hung).toBe(1);
  });
});

describe('a consumer that is less patient than the service', () => {
  const hasty = (to = WORKING, forMs = 50): AgencyCall => ({ ...callOf(to, forMs), timeoutMs: 20_000 });
  const TIMED_OUT = { ok: false, reason: { why: 'agency-timeout', sent: true } };
  const stateOf = (of: ServiceId) => agencies.breakers().find(({ service: one }) => one === of)?.state;

  it('does not open the breaker for others', async () => {
    agencies = open({ breakerVolume: 10 });
    workMs = 300;
    const calls = Array.from({ length: 10 }, () => agencies.call(hasty()));
    // With four connections some had no turn in time; nobody was refused by the breaker.
    for (const answer of await Promise.all(calls))
      expect(answer).toMatchObject({
        ok: false,
        reason: { why: expect.stringMatching(/^(agency-timeout|connector-busy)$/) },
      });
    for (let repeat = 0; repeat < 10; repeat += 1) expect(await agencies.call(hasty())).toEqual(TIMED_OUT);
    expect(stateOf(WORKING)).toBe('closed');
    expect(await agencies.call(callOf(WORKING))).toMatchObject({ ok: true, value: { status: 200 } });
  });

  it('opens it with a connection that was cut, which is no matter of time', async () => {
    agencies = open({ breakerVolume: 1 });
    expect(await agencies.call({ ...hasty(WORKING, 5_000), path: '/cut' })).toMatchObject({
      reason: { why: 'agency-unreachable' },
    });
    expect(stateOf(WORKING)).toBe('open');
    expect(await agencies.call(hasty())).toEqual({ ok: false, reason: { why: 'breaker-open', sent: false } });
  });

  it('neither closes nor opens a half-open breaker by running out of time, and closes it with an answer', async () => {
    agencies = open({ breakerVolume: 1, breakerResetMs: 50 });
    await agencies.call({ ...callOf(WORKING), path: '/cut' });
    await eventually(() => stateOf(WORKING) === 'half-open');
    workMs = 300;
    expect(await Promise.all([agencies.call(hasty()), agencies.call(hasty())])).toEqual([
      TIMED_OUT,
      // Beside the one that tries.
      { ok: false, reason: { why: 'breaker-open', sent: false } },
    ]);
    expect(stateOf(WORKING)).toBe('half-open');
    expect(await agencies.call(hasty(WORKING, 5_000))).toMatchObject({ ok: true });
    expect(stateOf(WORKING)).toBe('closed');
  });
});
