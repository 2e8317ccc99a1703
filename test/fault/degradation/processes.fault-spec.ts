import { jest } from '@jest/globals';
import {
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
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import {
  AT_ONCE_MS,
  during,
  recovered,
  refusal,
  refusedWith,
  toldOf,
  WITHOUT_LOG,
  type Told,
} from './spec-support/outage.js';

jest.setTimeout(120_000);

/** Long enough for the outages of others, short enough to wait for. */
const MANIFEST_MS = 20_000;
const env = {
  registry: {
    KEREGE_REGISTRY_MANIFEST_LIFETIME_MS: String(MANIFEST_MS),
    KEREGE_REGISTRY_RENEW_EVERY_MS: '1000',
  },
};

type Outage = [how: string, lose: () => unknown, giveBack: () => unknown];

let bus: BusUnderTest | undefined;
let instance: Instance;
beforeAll(async () => {
  bus = await startBus({ env });
  instance = bus.instance;
  // The first calls of a process are slow ones.
  await Promise.all([person, property, claim].map((wanted) => recovered(instance, wanted)));
});
afterAll(() => bus?.end());

const DEADLINE_MS = 2_000;
const WITHIN_DEADLINE_MS = DEADLINE_MS + AT_ONCE_MS;
const headers = { 'Kerege-Deadline': String(DEADLINE_MS) };
const person: Call = { target: `${PERSONS}/TEST000005`, client: MYGOV, purpose: 'citizen-view', headers };
const property: Call = { ...person, target: `${PROPERTIES}?owner=TEST000005` };
/** More than half of what the service may take: a call of less patience says nothing about the agency. */
const PATIENT_MS = 3_500;
const patient: Call = { ...property, headers: { 'Kerege-Deadline': String(PATIENT_MS) } };
const claim: Call = {
  ...person,
  target: `${ENTITLEMENTS}/claims`,
  method: 'POST',
  body: { pin: 'TEST000005', benefit: 'child-allowance' },
};

describe("without the agency's system", () => {
  const unreachable: Told = {
    status: 503,
    code: 'agency-unreachable',
    side: 'provider-system',
    fault: 'server.serverproxy.network_error',
    isRetryable: true,
  };

  it('503 at once, then by the open breaker; back again within ten seconds', async () => {
    const work = async () => {
      const first = await refusal(instance, person);
      expect(toldOf(first)).toEqual(unreachable);
      expect(first.tookMs).toBeLessThan(AT_ONCE_MS);
      const opened = await refusedWith(instance, 'breaker-open', person);
      expect(toldOf(opened)).toEqual({ ...unreachable, code: 'breaker-open' });
      expect(opened.tookMs).toBeLessThan(AT_ONCE_MS);
    };
    await during(
      () => instance.takeDown('agencies'),
      () => instance.bringBack('agencies'),
      work,
    );
    await recovered(instance, person);
  });

  it('that hangs: 504 at the deadline, then 503 at once by the open breaker', async () => {
    const work = async () => {
      // Together, so that enough calls hang within the breaker's window.
      const hung = await Promise.all(Array.from({ length: 5 }, () => refusal(instance, patient)));
      for (const one of hung) {
        expect(toldOf(one)).toEqual({ ...unreachable, status: 504, code: 'agency-timeout', isRetryable: false });
        expect(one.tookMs).toBeLessThan(PATIENT_MS + AT_ONCE_MS);
      }
      expect((await refusedWith(instance, 'breaker-open', patient)).tookMs).toBeLessThan(AT_ONCE_MS);
    };
    await during(
      () => instance.pause('agencies'),
      () => instance.resume('agencies'),
      work,
    );
    await recovered(instance, property);
  });
});

describe('without the connector', () => {
  it.each<Outage>([
    ['killed', () => instance.takeDown('cn1'), () => instance.bringBack('cn1')],
    ['hung', () => instance.pause('cn1'), () => instance.resume('cn1')],
  ])('%s: 504 at the deadline; other providers answer', async (_how, lose, giveBack) => {
    await during(lose, giveBack, async () => {
      const [one, other] = await Promise.all([refusal(instance, person), call(instance, claim)]);
      expect(toldOf(one)).toEqual({
        status: 504,
        code: 'provider-unreachable',
        side: 'provider',
        fault: 'server.serverproxy.network_error',
        isRetryable: false,
      });
      expect(one.tookMs).toBeGreaterThanOrEqual(DEADLINE_MS);
      expect(one.tookMs).toBeLessThan(WITHIN_DEADLINE_MS);
      expect(other.status).toBe(201);
    });
    await recovered(instance, person);
  });
});

describe('without the log', () => {
  it.each<Outage>([
    ['killed', () => instance.takeDown('audit'), () => instance.bringBack('audit')],
    ['hung', () => instance.pause('audit'), () => instance.resume('audit')],
  ])('%s: no answer, 503 within the deadline, and no unsafe call', async (_how, lose, giveBack) => {
    const unsafeIds: string[] = [];
    await during(lose, giveBack, async () => {
      const [safe, unsafe] = await Promise.all([refusal(instance, person), refusal(instance, claim)]);
      for (const one of [safe, unsafe]) {
        expect(toldOf(one)).toEqual(WITHOUT_LOG);
        expect(one.tookMs).toBeLessThan(WITHIN_DEADLINE_MS);
      }
      unsafeIds.push(...unsafe.exchangeIds);
    });
    await recovered(instance, person);
    await recovered(instance, claim);
    // What came too late stays uncalled, also now that the log has its request.
    const called = (await ledger(instance, 'benefits')).map(({ exchangeId }) => exchangeId);
    expect(unsafeIds.length).toBe(2);
    expect(unsafeIds.filter((id) => called.includes(id))).toEqual([]);
  });
});

describe('without the registry', () => {
  it('traffic goes on until the snapshot expires, then 503 at once; back again within ten seconds', async () => {
    const work = async () => {
      const goneAtMs = Date.now();
      const statuses = new Set<number>();
      while (Date.now() - goneAtMs < MANIFEST_MS / 2) statuses.add((await call(instance, person)).status);
      expect([...statuses]).toEqual([200]);
      const expired = await refusedWith(instance, 'registry-expired', person, MANIFEST_MS);
      expect(toldOf(expired)).toEqual({
        status: 503,
        code: 'registry-expired',
        side: 'bus',
        fault: 'server.clientproxy.global_conf_outdated',
        isRetryable: true,
      });
      expect(expired.tookMs).toBeLessThan(AT_ONCE_MS);
    };
    await during(
      () => instance.takeDown('registry'),
      () => instance.bringBack('registry'),
      work,
    );
    await recovered(instance, person);
  });
});
