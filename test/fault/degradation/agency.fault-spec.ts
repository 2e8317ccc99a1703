import { jest } from '@jest/globals';
import {
  BENEFITS,
  call,
  ENTITLEMENTS,
  ledger,
  MYGOV,
  PERSONS,
  PROPERTIES,
  startBus,
  type BusUnderTest,
  type Call,
} from '../../system/spec-support/bus-under-test.js';
import { AT_ONCE_MS, recovered, refusal, refusedWith, type Told } from './spec-support/outage.js';

jest.setTimeout(120_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

const DEADLINE_MS = 1_500;
const deadline = { 'Kerege-Deadline': String(DEADLINE_MS) };
const person: Call = { target: `${PERSONS}/TEST000005`, client: MYGOV, purpose: 'citizen-view', headers: deadline };
const property: Call = { ...person, target: `${PROPERTIES}?owner=TEST000005` };
const claim: Call = { ...person, target: `${ENTITLEMENTS}/claims`, method: 'POST', body: { pin: 'TEST000005' } };
const unreachable: Told = {
  status: 503,
  code: 'agency-unreachable',
  side: 'provider-system',
  fault: 'server.serverproxy.network_error',
  isRetryable: true,
};

describe("without the agency's system", () => {
  it('503 at once, then by the open breaker; back again within ten seconds', async () => {
    const { instance } = bus;
    await instance.takeDown('agencies');
    const { tookMs, ...told } = await refusal(instance, person);
    expect(told).toEqual(unreachable);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    const { tookMs: openMs, ...opened } = await refusedWith(instance, 'breaker-open', person);
    expect(opened).toEqual({ ...unreachable, code: 'breaker-open' });
    expect(openMs).toBeLessThan(AT_ONCE_MS);
    await instance.bringBack('agencies');
    await recovered(instance, person);
  });

  it('that hangs: 504 at the deadline, then 503 at once by the open breaker', async () => {
    const { instance } = bus;
    instance.pause('agencies');
    // At once, so that enough calls hang within the breaker's window.
    const hung = await Promise.all(Array.from({ length: 5 }, () => refusal(instance, property)));
    for (const { tookMs, ...told } of hung) {
      expect(told).toEqual({ ...unreachable, status: 504, code: 'agency-timeout', isRetryable: false });
      expect(tookMs).toBeLessThan(DEADLINE_MS + AT_ONCE_MS);
    }
    const { tookMs } = await refusedWith(instance, 'breaker-open', property);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    instance.resume('agencies');
    await recovered(instance, property);
  });
});
