import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, repositoryRoot, startPostgres } from '#local';
import { eventually } from '#testing';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import {
  call,
  ENTITLEMENTS,
  evidenceOf,
  exchangeIdOf,
  kerege,
  ledger,
  MYGOV,
  PERSONS,
  startBus,
  temporaryDirectory,
  type Call,
} from '../../system/spec-support/bus-under-test.js';
import { makeDoor, type Door } from './spec-support/door.js';
import { AT_ONCE_MS, during, recovered, refusal, toldOf } from './spec-support/outage.js';

jest.setTimeout(120_000);

const DOORS = ['gateway', 'cn1', 'cn2', 'registry'] as const;
type Outage = [how: string, lose: () => unknown, giveBack?: () => unknown];
type DoorName = (typeof DOORS)[number];

let directory: string;
let doors: Record<DoorName, Door>;
let instance: Instance;
/** What was started, to be ended in the other order, also when the rest of the start failed. */
const undo: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  directory = await temporaryDirectory();
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const logFile = join(directory, 'postgres.log');
  const dataDir = join(directory, 'postgres');
  const postgres = await startPostgres({ dataDir, port: await freePort(), password: 'fault', logFile, durable: false });
  undo.push(() => postgres.stop());
  const made = DOORS.map(async (name) => {
    const door = await makeDoor(Number(new URL(postgres.url).port));
    undo.push(() => door.shut());
    return [name, door] as const;
  });
  doors = Object.fromEntries(await Promise.all(made)) as Record<DoorName, Door>;
  const behind = (name: DoorName) => {
    const url = new URL(postgres.url);
    url.port = String(doors[name].port);
    return { DATABASE_URL: url.href };
  };
  const env = Object.fromEntries(DOORS.map((name) => [name, behind(name)]));
  const bus = await startBus({ databaseUrl: postgres.url, env });
  undo.push(() => bus.end());
  instance = bus.instance;
  await Promise.all([person, claim].map((wanted) => recovered(instance, wanted)));
});
afterAll(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const DEADLINE_MS = 2_000;
const person: Call = {
  target: `${PERSONS}/TEST000005`,
  client: MYGOV,
  purpose: 'citizen-view',
  headers: { 'Kerege-Deadline': String(DEADLINE_MS) },
};
/** With the whole time of the service: the connector says why only when nobody can take the call for one in time. */
const claim: Call = {
  target: `${ENTITLEMENTS}/claims`,
  client: MYGOV,
  purpose: 'citizen-view',
  method: 'POST',
  body: { pin: 'TEST000005', benefit: 'child-allowance' },
};

describe("without the gateway's PostgreSQL", () => {
  it.each<Outage>([
    ['gone', () => doors.gateway.shut()],
    ['hung', () => doors.gateway.jam()],
  ])('%s: nothing is claimed for what was under way, then 503 at once', async (_how, lose) => {
    const work = async () => {
      const first = await refusal(instance, person);
      expect(toldOf(first)).toMatchObject({ status: 503, side: 'bus', isRetryable: true });
      // Refused already, if a row of an earlier exchange was being written.
      expect(['outcome-pending', 'database-unavailable']).toContain(first.code);
      const then = await refusal(instance, person);
      expect(toldOf(then)).toEqual({
        status: 503,
        code: 'database-unavailable',
        side: 'bus',
        fault: 'server.clientproxy.internal_error',
        isRetryable: true,
      });
      expect(then.tookMs).toBeLessThan(AT_ONCE_MS);
    };
    await during(lose, () => doors.gateway.open(), work);
    await recovered(instance, person);
  });
});

describe("without the connectors' PostgreSQL", () => {
  const both = (move: (door: Door) => unknown) => Promise.all([doors.cn1, doors.cn2].map((door) => move(door)));

  // The specification says 503. Where the journal could not even be read, an earlier delivery may have called, and no
  // connector can prove that it is the first: whoever denied the call might lie, so the answer says that nobody knows.
  const gone = ['503 journal-unavailable', '504 outcome-unknown'];
  // A statement that hangs outlives the deadline: then the gateway has only silence to tell of.
  const hung = [...gone, '504 provider-unreachable'];

  it.each<[how: string, allowed: string[], lose: () => unknown]>([
    ['gone', gone, () => both((door) => door.shut())],
    ['hung', hung, () => both((door) => door.jam())],
  ])('%s: safe calls go on, unsafe ones are refused and never made', async (_how, allowed, lose) => {
    const ids: string[] = [];
    const work = async () => {
      const [unsafe, safe] = await Promise.all([refusal(instance, claim), call(instance, person)]);
      expect(safe.status).toBe(200);
      expect(allowed).toContain(`${unsafe.status} ${unsafe.code}`);
      expect(unsafe.side).toBe('provider');
      ids.push(...unsafe.exchangeIds);
    };
    await during(lose, () => both((door) => door.open()), work);
    await recovered(instance, claim);
    const called = (await ledger(instance, 'benefits')).map(({ exchangeId }) => exchangeId);
    expect(ids.length).toBe(2);
    expect(ids.filter((id) => called.includes(id))).toEqual([]);
  });
});

describe("without the registry's PostgreSQL", () => {
  it('traffic goes on, and no change is taken', async () => {
    const { registryUrl, keysDir } = instance;
    const file = join(repositoryRoot(), 'apps/sandbox/instance.yaml');
    const apply = () => kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], directory);
    const work = async () => {
      expect((await apply()).code).not.toBe(0);
      expect((await call(instance, person)).status).toBe(200);
    };
    await during(
      () => doors.registry.shut(),
      () => doors.registry.open(),
      work,
    );
    expect(await apply()).toMatchObject({ code: 0 });
  });
});

describe('without Kafka', () => {
  it.each<Outage>([
    ['killed', () => instance.takeDown('kafka'), () => instance.bringBack('kafka')],
    ['hung', () => instance.pause('kafka'), () => instance.resume('kafka')],
  ])('%s: 503 by the deadline, soon at once; nothing that was accepted is lost', async (_how, lose, giveBack) => {
    const before = await Promise.all([call(instance, person), call(instance, claim)]);
    expect(before.map(({ status }) => status)).toEqual([200, 201]);
    const work = async () => {
      const first = await refusal(instance, person);
      expect(toldOf(first)).toMatchObject({ status: 503, side: 'bus', isRetryable: true });
      expect(first.tookMs).toBeLessThan(DEADLINE_MS + AT_ONCE_MS);
      // Refused before there is an exchange, instead of after trying.
      const untried = async () => {
        const measured = await refusal(instance, person);
        return measured.exchangeIds.length === 0 ? measured : undefined;
      };
      const then = await eventually(untried, { timeoutMs: 15_000, intervalMs: 0 });
      expect(toldOf(then)).toEqual({
        status: 503,
        code: 'bus-unavailable',
        side: 'bus',
        fault: 'server.clientproxy.internal_error',
        isRetryable: true,
      });
      expect(then.tookMs).toBeLessThan(AT_ONCE_MS);
    };
    await during(lose, giveBack ?? (() => undefined), work);
    await recovered(instance, person);
    for (const answer of before)
      await eventually(() => evidenceOf(instance, exchangeIdOf(answer)), { timeoutMs: 30_000, intervalMs: 200 });
  });
});
