import { jest } from '@jest/globals';
import { join } from 'node:path';
import pg from 'pg';
import { connectKafkaBus, type Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId } from '#kernel';
import { readOpeningKey, sealOpening } from '#openings';
import { logKeys } from '#log-watch';
import { keyFileName, loadKeySet, loadTrust, silentLogger } from '#platform';
import { RegistryCopy } from '#registry-copy';
import { commit, KeyRing, signStatement, startSession, type SealingSession, type Signer } from '#signing';
import { eventually, uniqueName } from '#testing';
import { MYGOV, PERSONS, startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';

jest.setTimeout(300_000);

const STATEMENTS = 1_500;
const PER_BATCH = 100;
const PEOPLE = 40;

let under: BusUnderTest;
let bus: Bus;
let signer: Signer;
let session: SealingSession;
beforeAll(async () => {
  under = await startBus();
  const { kafkaBrokers, keysDir, trustFile } = under.instance;
  bus = await connectKafkaBus({ brokers: kafkaBrokers.split(','), clientId: 'spec', logger: silentLogger() });
  signer = KeyRing.parse([[MYGOV, await loadKeySet(join(keysDir, keyFileName(MYGOV)))]]).signer(MYGOV);
  session = await announcedSession(trustFile);
});
afterAll(async () => {
  await bus.close();
  await under.end();
});

/** As a gateway makes it: with the key that feedback has announced, checked against the registry. */
async function announcedSession(trustFile: string): Promise<SealingSession> {
  const trust = await loadTrust(trustFile);
  const copy = await RegistryCopy.start({
    bus,
    clock: { now: () => Date.now() },
    registryKeys: trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
    logs: logKeys(trust),
    instanceId: uniqueName('spec'),
    events: { adopted: () => undefined, alarm: () => undefined },
  });
  const announced: string[] = [];
  const subscription = await bus.subscribe({
    topics: [fixedTopics.openingKey.name],
    group: uniqueName('spec'),
    startAt: { kind: 'earliest' },
    maxInFlight: 10,
    onError: () => undefined,
    each: ({ value }) => void announced.push(value.toString()),
  });
  const key = await eventually(() => {
    const view = copy.current();
    const read = view === undefined ? undefined : readOpeningKey(announced.at(-1) ?? '', view, Date.now());
    return read?.ok === true ? read.value : undefined;
  });
  await subscription.stop();
  await copy.stop();
  return startSession({ recipient: key.instance, kid: key.kid, publicJwk: key.jwk });
}

/** A request about two persons, and the openings of both ends. */
async function exchange(at: number) {
  const people = [at % PEOPLE, (at + 7) % PEOPLE].map((one) => `TEST${String(one + 1).padStart(6, '0')}`);
  const about = people.map((code) => commit('subject', { country: 'DEMO', type: 'PIN', code }));
  const id = newExchangeId();
  const to = PERSONS.split('/').slice(0, -1).join('/');
  const statement = await signStatement(
    {
      ...{ v: 1, t: 'exchange.requested', id, ts: Date.now(), from: MYGOV, to, svc: PERSONS, ep: 'GET /{pin}' },
      ...{ pur: 'citizen-view', law: 'LB-PORTAL', req: `h1:${Buffer.alloc(32, at).toString('base64url')}`, snap: 1 },
      subj: about.map(({ commitment }) => commitment),
    } as const,
    signer,
  );
  const subjects = about.map(({ opening }) => opening);
  const seal = () => sealOpening({ exchangeId: id, statementHash: statement.leafHash, subjects, users: [] }, session);
  return { statement, openings: [seal(), seal()] };
}

async function batch(from: number): Promise<void> {
  const all = await Promise.all(Array.from({ length: PER_BATCH }, (_, at) => exchange(from + at)));
  const stamps = all.map(({ statement }) => ({
    ...{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(statement.jws), headers: {} },
  }));
  const openings = all.flatMap((one) => one.openings);
  const sealed = openings.map((value, at) => ({ topic: fixedTopics.opening.name, partition: at % 3, value }));
  // Which comes first is chance.
  if (from % (2 * PER_BATCH) === 0) await bus.publish([...sealed, ...stamps]);
  else await bus.publish([...stamps, ...sealed]);
}

async function tables<Row extends object>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: under.instance.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('kill -9 of feedback while it takes in leaves and openings', () => {
  it('leaves one row of each commitment', async () => {
    for (let from = 0; from < STATEMENTS; from += PER_BATCH) {
      await batch(from);
      if (from % (3 * PER_BATCH) === 0) await under.instance.kill('feedback');
    }
    const counts = await eventually(
      async () => {
        const [row] = await tables<{ leaves: string; rows: string; pending: string }>(
          `SELECT (SELECT count(*) FROM feedback.commitment) AS leaves,
                  (SELECT count(*) FROM feedback.subject_access) AS rows,
                  (SELECT count(*) FROM feedback.commitment WHERE state = 'pending') AS pending`,
        );
        return Number(row?.leaves) >= 2 * STATEMENTS && row?.pending === '0' ? row : undefined;
      },
      { timeoutMs: 120_000, intervalMs: 500 },
    );
    expect(counts).toEqual({ leaves: String(2 * STATEMENTS), rows: String(2 * STATEMENTS), pending: '0' });
    const twice = await tables(
      `SELECT FROM feedback.subject_access GROUP BY log_id, idx, kind, position HAVING count(*) > 1`,
    );
    expect(twice).toEqual([]);
    await eventually(async () => (await tables('SELECT FROM feedback.inbox')).length === 0, { timeoutMs: 30_000 });
  });

  it('goes on by itself when broker, database or audit were gone', async () => {
    for (const part of ['postgres', 'kafka', 'audit'] as const) await under.instance.kill(part);
    // Ours first: feedback may not have noticed yet that its broker is gone.
    await eventually(() => bus.isReachable(), { timeoutMs: 120_000 });
    await eventually(async () => (await fetch(`${under.instance.feedbackUrl}/ready`)).ok, { timeoutMs: 120_000 });
    await batch(STATEMENTS);
    await eventually(
      async () => (await tables('SELECT FROM feedback.subject_access')).length === 2 * (STATEMENTS + PER_BATCH),
      { timeoutMs: 120_000, intervalMs: 500 },
    );
  });
});
