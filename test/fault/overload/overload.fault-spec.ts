import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { localUrl } from '../../../apps/sandbox/src/instance/layout.js';
import { eventually } from '#testing';
import { asksOf, type WayName } from '../../load/overload/asks.js';
import { Crowd } from '../../load/overload/crowd.js';
import { countOf, othersThan, type Tally } from '../../load/overload/tally.js';
import { call, fault, MYGOV, PERSONS, startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { memoryOf, metricOf } from './gauges.js';

jest.setTimeout(300_000);

/** Small, so that ten times as many callers fit on a laptop; the rule is the same for any limit. */
const MAX_IN_FLIGHT = 300;
const CROWD = 10_000;
/** Sockets that this process, and the gateway, need for other things. */
const OTHER_SOCKETS = 1_000;
/** So long the crowd of a stopped agency may take to arrive, all of it: a slow machine takes longer to accept it. */
const ARRIVAL_MS = 120_000;
/** So long that of the other spec may; the figures say how many have come. */
const BRIEF_ARRIVAL_MS = 20_000;
/** The goals. What a machine shared with others gives is told beside them, and held to less. */
const MOST_TIMES_P99 = 2;
const LEAST_GOODPUT = 0.9;
const NEIGHBOURS: readonly WayName[] = ['portal: properties', 'portal: entitlements', 'portal: visits'];
const FLOODING: readonly WayName[] = ['fund: persons', 'clinic: persons'];

let bus: BusUnderTest;
beforeAll(async () => {
  const gateway = { KEREGE_GATEWAY_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT) };
  // Fewer than the gateway lets through: this connector has to refuse as well, and serves a neighbour of the stopped one.
  const cn1 = { KEREGE_CONNECTOR_MAX_IN_FLIGHT: '120' };
  bus = await startBus({ env: { gateway, cn1 } });
});
afterAll(() => bus.end());

const connectorUrl = () => localUrl(bus.instance.ports.cn1);
const inFlight = () => metricOf(bus.instance.gatewayUrl, 'kerege_gateway_in_flight_exchanges');
const print = (line: string) => process.stdout.write(`${line}\n`);

/** Waits, then what was counted meanwhile. */
async function during(crowd: Crowd, ms: number): Promise<Tally[]> {
  crowd.look();
  await delay(ms);
  return [...crowd.look().values()];
}

const p99Of = (tallies: readonly Tally[]) =>
  Math.max(...tallies.map(({ answered }) => Math.round(answered.percentile(99) / 1_000)));

/** Fewer callers than asked for would show nothing: fails where this process may not have so many sockets open. */
async function requireSockets(): Promise<void> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const files = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const needed = CROWD + OTHER_SOCKETS;
  const told = `${needed} open files are needed for ${CROWD} callers, ulimit -n allows ${files}`;
  expect([told, files >= needed]).toEqual([told, true]);
}

const verdict = (isMet: boolean) => (isMet ? 'met' : 'NOT met');

describe('ten thousand calls to a stopped agency', () => {
  it('take bounded memory, are refused at once with Retry-After, and leave the neighbours their answers', async () => {
    await requireSockets();
    const { gatewayUrl } = bus.instance;
    const neighbours = await Crowd.of(gatewayUrl, asksOf(6, NEIGHBOURS));
    const before = await during(neighbours, 4_000);
    await fault(bus.instance, 'population', { mode: 'hang' });
    const flood = await Crowd.of(gatewayUrl, asksOf(CROWD, FLOODING), { withinMs: ARRIVAL_MS });
    expect(flood.size).toBe(CROWD);
    // Every connection is there and has been refused or taken: from here on nothing may grow.
    const memory = { gateway: [await memoryOf(gatewayUrl)], connector: [await memoryOf(connectorUrl())] };
    neighbours.look();
    const refused: Tally[] = [];
    for (let look = 0; look < 4; look += 1) {
      await delay(3_000);
      memory.gateway.push(await memoryOf(gatewayUrl));
      memory.connector.push(await memoryOf(connectorUrl()));
      refused.push(...flood.look().values());
      expect(await inFlight()).toBeLessThanOrEqual(MAX_IN_FLIGHT / 2 + NEIGHBOURS.length * 2);
    }
    const meanwhile = [...neighbours.look().values()];
    await Promise.all([flood.disperse(), neighbours.disperse()]);
    print(`${flood.size} callers of a stopped agency, limit ${MAX_IN_FLIGHT}`);
    print(`memory, MiB: gateway ${memory.gateway.join(' ')}, connector ${memory.connector.join(' ')}`);
    const [calm, flooded] = [p99Of(before), p99Of(meanwhile)];
    print(
      `neighbours' p99, ms: ${calm} before, ${flooded} during; ${(flooded / calm).toFixed(1)} times, at most ${MOST_TIMES_P99} asked: ${verdict(flooded <= MOST_TIMES_P99 * calm)}`,
    );
    print(`neighbours: ${countOf(meanwhile, '200')} answered, also told: ${othersThan(meanwhile, '200').join(' ')}`);
    print(`refused ${countOf(refused, '503')}, timed out ${countOf(refused, '504')}`);

    // 504 is for those that the agency has taken and never answered.
    expect(othersThan(refused, '503', '504')).toEqual([]);
    expect(countOf(refused, '503')).toBeGreaterThan(flood.size / 2);
    expect(refused.map(({ withoutRetryAfter }) => withoutRetryAfter)).toEqual(refused.map(() => 0));
    // Flat: over four looks no process grows by more than garbage not yet collected.
    for (const [first = 0, ...later] of Object.values(memory)) expect(Math.max(...later)).toBeLessThan(first + 150);
    expect(meanwhile.map(({ statuses }) => (statuses.get('200') ?? 0) > 0)).toEqual(NEIGHBOURS.map(() => true));
  });

  it('leave nothing behind when the agency is back', async () => {
    await fault(bus.instance, 'population', { mode: 'ok' });
    const answered = async () => {
      const person = { target: `${PERSONS}/TEST000007`, client: MYGOV, purpose: 'citizen-view' };
      return (await call(bus.instance, person)).status === 200;
    };
    await eventually(answered, { timeoutMs: 40_000, intervalMs: 500 });
    await eventually(async () => (await inFlight()) === 0, { timeoutMs: 20_000, intervalMs: 200 });
  });
});

describe('ten times as many callers as the gateway has places', () => {
  it('do not bring down what a gateway with callers for each place gives', async () => {
    /** Answers per second. */
    const goodput = async (callers: number) => {
      const crowd = await Crowd.of(bus.instance.gatewayUrl, asksOf(callers), { withinMs: BRIEF_ARRIVAL_MS });
      try {
        await delay(2_000);
        const seen = await during(crowd, 6_000);
        // 504: a slow machine may not answer all that the gateway let in.
        expect(othersThan(seen, '200', '503', '504')).toEqual([]);
        expect(seen.map(({ withoutRetryAfter }) => withoutRetryAfter)).toEqual(seen.map(() => 0));
        return { callers: crowd.size, perSecond: countOf(seen, '200') / 6 };
      } finally {
        await crowd.disperse();
        await eventually(async () => (await inFlight()) === 0, { timeoutMs: 20_000, intervalMs: 200 });
      }
    };
    const before = await goodput(MAX_IN_FLIGHT);
    const flooded = await goodput(MAX_IN_FLIGHT * 10);
    const after = await goodput(MAX_IN_FLIGHT);
    const told = [before, flooded, after].map(
      ({ callers, perSecond }) => `${Math.round(perSecond)} of ${callers} callers`,
    );
    const peak = Math.max(before.perSecond, after.perSecond);
    const share = flooded.perSecond / peak;
    print(`answered per second, limit ${MAX_IN_FLIGHT}: ${told.join(', ')}`);
    print(
      `${Math.round(share * 100)} % of the better of the two, at least ${LEAST_GOODPUT * 100} % asked: ${verdict(share >= LEAST_GOODPUT)}`,
    );
    // Held to the lower of the two: the machine may have other work. The benchmark `overload` tells what it really is.
    expect(flooded.perSecond).toBeGreaterThan(0.7 * Math.min(before.perSecond, after.perSecond));
  });
});
