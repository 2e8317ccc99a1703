import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connectKafkaBus, type Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { silentLogger } from '#platform';
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
  operatorAt,
  startBus,
  temporaryDirectory,
  type Answer,
  type Call,
} from '../../system/spec-support/bus-under-test.js';
import { makeDoor, type Door } from './spec-support/door.js';
import { AT_ONCE_MS, backInTime, during, recovered, refusal, toldOf, WITHOUT_LOG } from './spec-support/outage.js';

jest.setTimeout(120_000);

const DOORS = ['gateway', 'cn1', 'cn2', 'registry', 'audit', 'feedback'] as const;
type Outage = [how: string, lose: () => unknown, giveBack?: () => unknown];
type DoorName = (typeof DOORS)[number];

let directory: string;
let doors: Record<DoorName, Door>;
let instance: Instance;
/** Of the test itself, through no door. */
let pool: pg.Pool;
let kafka: Bus;
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
    return { DATABASE_URL: url.href, ...(name === 'feedback' ? { KEREGE_FEEDBACK_KEYS_DATABASE_URL: url.href } : {}) };
  };
  const env = Object.fromEntries(DOORS.map((name) => [name, behind(name)]));
  const bus = await startBus({ databaseUrl: postgres.url, env });
  undo.push(() => bus.end());
  instance = bus.instance;
  pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  undo.push(() => pool.end());
  kafka = await connectKafkaBus({ ...operatorAt(instance), clientId: 'spec', logger: silentLogger() });
  undo.push(() => kafka.close());
  await Promise.all([person, claim].map((wanted) => recovered(instance, wanted)));
});
afterAll(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A call that nothing may hinder. */
async function answered(wanted: Call, status = 200): Promise<Answer> {
  const answer = await call(instance, wanted);
  expect([answer.status, answer.status === status ? '' : answer.text]).toEqual([status, '']);
  return answer;
}

async function query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  return (await pool.query<Row>(sql, [...parameters])).rows;
}

/** No new row, as when the disk is full; what is there is read as ever. */
const FULL_JOURNAL = `
  CREATE FUNCTION connector.disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
  CREATE TRIGGER disk_is_full BEFORE INSERT ON connector.journal EXECUTE FUNCTION connector.disk_is_full()`;

const DEADLINE_MS = 2_000;
const person: Call = {
  target: `${PERSONS}/TEST000005`,
  client: MYGOV,
  purpose: 'citizen-view',
  headers: { 'Kerege-Deadline': String(DEADLINE_MS) },
};
/** With the whole time of the service, as a call that nothing may hinder. */
const view: Call = { target: person.target, client: MYGOV, purpose: 'citizen-view' };
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
      const [unsafe] = await Promise.all([refusal(instance, claim), answered(view)]);
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

  it('that can still be read: 503 for an unsafe call, which nobody has made; safe ones go on', async () => {
    const ids: string[] = [];
    const work = async () => {
      const [unsafe] = await Promise.all([refusal(instance, claim), answered(view)]);
      // The row of an earlier delivery would have been found: nobody but this one could have called.
      expect(toldOf(unsafe)).toEqual({
        status: 503,
        code: 'journal-unavailable',
        side: 'provider',
        fault: 'server.serverproxy.internal_error',
        isRetryable: true,
      });
      ids.push(...unsafe.exchangeIds);
    };
    await during(
      () => query(FULL_JOURNAL),
      () => query('DROP FUNCTION connector.disk_is_full CASCADE'),
      work,
    );
    await recovered(instance, claim);
    const called = (await ledger(instance, 'benefits')).map(({ exchangeId }) => exchangeId);
    expect(ids.length).toBe(2);
    expect(ids.filter((id) => called.includes(id))).toEqual([]);
  });
});

describe("without the log's PostgreSQL", () => {
  it.each<Outage>([
    ['gone', () => doors.audit.shut()],
    ['hung', () => doors.audit.jam()],
  ])('%s: no answer, 503 within the deadline, and no unsafe call', async (_how, lose) => {
    const hasty = { ...claim, headers: person.headers ?? {} };
    const ids: string[] = [];
    const work = async () => {
      const [safe, unsafe] = await Promise.all([refusal(instance, person), refusal(instance, hasty)]);
      for (const one of [safe, unsafe]) {
        expect(toldOf(one)).toEqual(WITHOUT_LOG);
        expect(one.tookMs).toBeLessThan(DEADLINE_MS + AT_ONCE_MS);
      }
      ids.push(...unsafe.exchangeIds);
    };
    await during(lose, () => doors.audit.open(), work);
    await Promise.all([person, claim].map((wanted) => recovered(instance, wanted)));
    const called = (await ledger(instance, 'benefits')).map(({ exchangeId }) => exchangeId);
    expect(ids.length).toBe(2);
    expect(ids.filter((id) => called.includes(id))).toEqual([]);
  });
});

describe("without feedback's PostgreSQL", () => {
  const CALLS = 5;
  /** Records on the topic that feedback has not taken into its tables. */
  const waiting = async () => {
    const { name, partitions } = fixedTopics.opening;
    const taken = await query<{ partition: number; next: string }>(
      'SELECT partition, next_offset AS next FROM feedback.opening_offset',
    );
    const next = new Map(taken.map((row) => [row.partition, BigInt(row.next)]));
    const left = Array.from({ length: partitions }, async (_, partition) => {
      return (await kafka.endOffset(name, partition)) - (next.get(partition) ?? 0n);
    });
    return Number((await Promise.all(left)).reduce((sum, one) => sum + one, 0n));
  };
  const statesOf = (ids: readonly string[]) =>
    query<{ exchange_id: string; state: string }>(
      'SELECT exchange_id, state FROM feedback.commitment WHERE exchange_id = ANY($1::uuid[]) AND kind = 0',
      [ids],
    );

  it.each<Outage>([
    ['gone', () => doors.feedback.shut()],
    ['hung', () => doors.feedback.jam()],
  ])('%s: exchanges go on; their openings wait in Kafka, and are indexed after its return', async (_how, lose) => {
    await eventually(async () => (await waiting()) === 0, { timeoutMs: 30_000 });
    const ids: string[] = [];
    const work = async () => {
      for (let made = 0; made < CALLS; made += 1) {
        ids.push(exchangeIdOf(await answered(view)));
      }
      await eventually(async () => (await waiting()) >= CALLS, { timeoutMs: 10_000 });
      expect(await statesOf(ids)).toEqual([]);
    };
    await during(lose, () => doors.feedback.open(), work);
    await backInTime(async () => (await fetch(`${instance.feedbackUrl}/ready`)).ok);
    await backInTime(async () => {
      const states = await statesOf(ids);
      return states.length === CALLS && states.every(({ state }) => state === 'indexed');
    });
    expect(await waiting()).toBe(0);
  });
});

describe("without the registry's PostgreSQL", () => {
  it('traffic goes on, and no change is taken', async () => {
    const { registryUrl, keysDir } = instance;
    const file = join(repositoryRoot(), 'apps/sandbox/instance.yaml');
    const apply = () => kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], directory);
    const isReady = async () => (await fetch(`${registryUrl}/ready`)).ok;
    const work = async () => {
      expect((await apply()).code).not.toBe(0);
      expect(await isReady()).toBe(false);
      await answered(view);
    };
    await during(
      () => doors.registry.shut(),
      () => doors.registry.open(),
      work,
    );
    await backInTime(isReady);
    expect(await apply()).toMatchObject({ code: 0 });
  });
});

describe('without Kafka', () => {
  it.each<Outage>([
    ['killed', () => instance.takeDown('kafka'), () => instance.bringBack('kafka')],
    ['hung', () => instance.pause('kafka'), () => instance.resume('kafka')],
  ])('%s: 503 by the deadline, soon at once; nothing that was accepted is lost', async (_how, lose, giveBack) => {
    const before = await Promise.all([answered(view), answered(claim, 201)]);
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
