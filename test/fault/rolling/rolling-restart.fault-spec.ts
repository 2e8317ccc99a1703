import { jest } from '@jest/globals';
import { eventually } from '#testing';
import type { ProcessName } from '../../../apps/sandbox/src/instance/app-plan.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { evidenceOf, ledger, startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { SteadyLoad } from './steady-load.js';

jest.setTimeout(180_000);

const CALLS_PER_SECOND = 20;
/** All that runs twice, each restarted when the one before it is back. */
const ORDER: readonly ProcessName[] = ['gateway', 'cn1', 'cn2', 'audit', 'gateway2', 'cn1b', 'cn2b', 'audit2'];

let bus: BusUnderTest | undefined;
let instance: Instance;
beforeAll(async () => {
  bus = await startBus({ isDoubled: true });
  instance = bus.instance;
});
afterAll(() => bus?.end());

describe('a rolling restart under load', () => {
  it('fails no call, and files every claim once', async () => {
    const load = new SteadyLoad(instance.gatewayUrls, CALLS_PER_SECOND);
    await load.start();
    const exits: [ProcessName, number | null][] = [];
    try {
      for (const name of ORDER) {
        exits.push([name, await instance.terminate(name)]);
        await allReady();
      }
    } finally {
      await load.stop();
    }
    const { ended } = load;

    expect(exits).toEqual(ORDER.map((name) => [name, 0]));
    expect(ended.filter(({ kind, status }) => status !== (kind === 'claim' ? 201 : 200))).toEqual([]);
    const claims = ended.filter(({ kind }) => kind === 'claim').map(({ exchangeId }) => exchangeId);
    expect(claims.length).toBeGreaterThan(CALLS_PER_SECOND);
    const filed = (await ledger(instance, 'benefits')).filter(({ method }) => method === 'POST');
    expect(filed.map(({ exchangeId }) => exchangeId).sort()).toEqual(claims.sort());
    // Each restart had calls of both kinds under way; the first and the last of all stand for their evidence.
    for (const { exchangeId } of [ended[0], ended.at(-1)].flatMap((call) => call ?? []))
      await eventually(() => evidenceOf(instance, exchangeId));
  });
});

/** As an operator looks before going on: both gateways would answer, and with them the log and every connector. */
async function allReady(): Promise<void> {
  for (const url of instance.gatewayUrls)
    await eventually(async () => (await fetch(`${url}/ready`)).status === 200, { timeoutMs: 30_000, intervalMs: 100 });
}
