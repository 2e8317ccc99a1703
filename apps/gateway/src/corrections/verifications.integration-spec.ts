import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { valueHash } from '#corrections';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { CONSUMER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import {
  filing,
  SERVICE,
  startCorrections,
  type CorrectionsFixture,
  type CorrectionsOptions,
} from './spec-support/corrections-fixture.js';
import { problem } from './spec-support/stand-in-feedback.js';

const ID = '019ac1a4-7a3c-7000-8000-000000000001';
const RECHECK = { recheck: { path: '/TEST000001', query: 'full=1' } };

let place: TestDatabase;
let database: Database;
let own: CorrectionsFixture;
let salt: Buffer;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  own = await startCorrections(database);
  expect((await own.post('', filing({ correctionId: ID, ...RECHECK }))).status).toBe(201);
  const kept = await own.corrections.kept.find(ID, CONSUMER);
  expect(kept).toMatchObject({ path: '/TEST000001', query: 'full=1', pointers: ['/name'] });
  salt = Buffer.from(kept?.salt ?? '', 'base64url');
  own.feedback.calls.length = 0;
});
afterEach(async () => {
  await own.close();
  await database.query('DELETE FROM correction_filing');
});

const correctedTo = (value: unknown, more: object = {}) => {
  const values = [{ item: 0, pointer: '/elsewhere', newValueHash: valueHash(salt, value) }];
  own.feedback.verifications = [
    { correctionId: ID, seq: 8, service: SERVICE, endpoint: 'GET /{pin}', values, ...more },
  ];
};
const answerOf = (body: string, status = 200) => {
  own.gateway.provider.behaviour = { body: Buffer.from(body), status };
};
const stated = () => own.feedback.given().map(({ statement }) => statement.payload);

const restarted = async (options: CorrectionsOptions = {}) => {
  await own.close();
  own = await startCorrections(database, options);
  own.feedback.standings.set(ID, { id: ID, owner: 'TEST/GOV/1001/population' });
};

describe('a verification', () => {
  it('states a match where the service answers with what the owner has written', async () => {
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    await own.corrections.verifications.run();
    const [payload] = stated();
    const { content, statement } = own.gateway.provider.seen[0]!;
    expect(content).toMatchObject({ target: `/r1/${SERVICE}/TEST000001?full=1` });
    expect(statement.payload).toMatchObject({ from: CONSUMER, pur: 'correction-check' });
    const doc = valueHash(salt, { isMatch: true, exchangeId: statement.payload.id });
    expect(payload).toMatchObject({ t: 'correction.verified', id: ID, doc });
    expect(own.feedback.calls.every(({ endUser }) => endUser === undefined)).toBe(true);
    expect(own.results).toEqual(['match']);
  });

  it('is made once of each correction, also after a restart, and anew of the next one', async () => {
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    await own.corrections.verifications.run();
    expect(stated()).toHaveLength(1);
    await restarted();
    correctedTo('Right');
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toHaveLength(0);
    // Reopened upon appeal and corrected anew.
    await restarted();
    correctedTo('Wright', { seq: 13 });
    answerOf('{"name":"Right"}');
    await own.corrections.verifications.run();
    expect(stated()).toMatchObject([{ t: 'correction.reopened', id: ID }]);
    await restarted();
    correctedTo('Wright', { seq: 18 });
    answerOf('{"name":"Wright"}');
    await own.corrections.verifications.run();
    expect(stated()).toMatchObject([{ t: 'correction.verified', id: ID }]);
  });

  it('is made again where no log has taken what was stated for a day', async () => {
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    await own.corrections.kept.verified(ID, CONSUMER, 8, Date.now() - 26 * 60 * 60_000);
    await own.corrections.verifications.run();
    expect(stated()).toMatchObject([{ t: 'correction.verified', id: ID }]);
  });

  it('shows that nobody can look where the registry does not allow it, and looks when it does', async () => {
    await restarted({ mayCheck: false });
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toEqual([]);
    expect(own.results).toEqual(['refused']);
    expect(own.corrections.verifications.reading()).toMatchObject({
      state: 'degraded',
      details: { 'purpose-not-agreed': 1 },
    });
    await restarted();
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    await own.corrections.verifications.run();
    expect(stated()).toMatchObject([{ t: 'correction.verified', id: ID }]);
    expect(own.corrections.verifications.reading()).toEqual({ state: 'ok', details: {} });
  });

  it.each<[string, () => void]>([
    ['says that the case is over, and then only', () => (own.feedback.over = [ID])],
    ['says nonsense', () => (own.feedback.answers = () => ({ status: 200, body: { over: 1 } }))],
    ['is away', () => (own.feedback.answers = () => problem(500, 'internal'))],
  ])('is of a filing that is kept until feedback %s', async (name, set) => {
    await own.corrections.verifications.run();
    expect(own.feedback.calls.filter(({ path }) => path.endsWith('/over'))).toEqual([]);
    await database.query('UPDATE correction_filing SET made_ms = made_ms - 90000000');
    await own.corrections.verifications.run();
    expect(await own.corrections.kept.find(ID, CONSUMER)).toBeDefined();
    await database.query('UPDATE correction_filing SET asked_ms = 0');
    set();
    await own.corrections.verifications.run();
    const kept = await own.corrections.kept.find(ID, CONSUMER);
    expect(kept === undefined).toBe(name.includes('over'));
  });

  it.each([
    ['still shows another value', '{"name":"Test"}'],
    ['shows none', '{}'],
  ])('states that there is no match where the answer %s, and goes on looking', async (_, body) => {
    correctedTo('Right');
    answerOf(body);
    await own.corrections.verifications.run();
    const { payload } = own.gateway.provider.seen[0]!.statement;
    const doc = valueHash(salt, { isMatch: false, exchangeId: payload.id });
    expect(stated()).toMatchObject([{ t: 'correction.reopened', id: ID, doc }]);
    expect(await own.corrections.kept.find(ID, CONSUMER)).toBeDefined();
    // Until the log shows it feedback lists it still.
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    ['is ill', () => answerOf('{"name":"Right"}', 503)],
    ['does not know the person', () => answerOf('{"name":"Right"}', 404)],
    ['says no JSON', () => answerOf('Right')],
  ])('states nothing while the service %s', async (_, set) => {
    correctedTo('Right');
    set();
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toHaveLength(1);
    expect(stated()).toEqual([]);
    expect(await own.corrections.kept.find(ID, CONSUMER)).toBeDefined();
    // Not every thirty seconds.
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toHaveLength(1);
  });

  it('asks for nothing that it did not file', async () => {
    correctedTo('Right', { correctionId: '019ac1a4-7a3c-7000-8000-000000000002' });
    await own.corrections.verifications.run();
    correctedTo('Right', { service: `${SERVICE}2` });
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toEqual([]);
    expect(stated()).toEqual([]);
  });

  it('signs nothing else than what it saw, and keeps the filing where feedback refuses', async () => {
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    own.feedback.proposes = (payload) => ({
      ...payload,
      t: 'correction.reopened',
      now: 'REOPENED',
      why: 'old-value-seen',
    });
    await own.corrections.verifications.run();
    expect(stated()).toEqual([]);
    expect(await own.corrections.kept.find(ID, CONSUMER)).toBeDefined();
  });

  it('is stated two rounds later where feedback was away only for a moment', async () => {
    await own.close();
    own = await startCorrections(database, { verificationsEveryMs: 50 });
    correctedTo('Right');
    answerOf('{"name":"Right"}');
    own.feedback.answers = ({ body }) => (body.statement === undefined ? undefined : problem(503, 'internal'));
    await own.corrections.verifications.run();
    const before = stated().length;
    own.feedback.answers = () => undefined;
    const isStated = async () => {
      await own.corrections.verifications.run();
      return stated().length > before;
    };
    await eventually(isStated, { timeoutMs: 5_000, intervalMs: 50 });
  });

  it('ends without a word where feedback is away', async () => {
    own.feedback.answers = () => problem(500, 'internal');
    await own.corrections.verifications.run();
    own.feedback.answers = () => ({ status: 200, body: { verifications: 'x' } });
    await own.corrections.verifications.run();
    expect(own.gateway.provider.seen).toEqual([]);
  });
});

describe('a kept filing', () => {
  it('holds nothing that can be read, and goes after 400 days', async () => {
    const [row] = await database.query<{ sealed_by_key: Buffer; state: string }>('SELECT * FROM correction_filing');
    expect(row).toMatchObject({ id: ID, consumer: CONSUMER, state: 'filed' });
    expect(row?.sealed_by_key.includes('TEST000001')).toBe(false);
    const day = 24 * 60 * 60_000;
    expect(await own.corrections.kept.sweep(Date.now() + 399 * day, 10)).toBe(0);
    expect(await own.corrections.kept.sweep(Date.now() + 401 * day, 10)).toBe(1);
  });

  it('is none where feedback refuses, and waits where it is not known whether it was taken', async () => {
    const other = '019ac1a4-7a3c-7000-8000-000000000003';
    const again = filing({ correctionId: other, ...RECHECK });
    own.feedback.answers = () => problem(403, 'subject-not-yours');
    await own.post('', again);
    expect(await own.corrections.kept.find(other, CONSUMER)).toBeUndefined();
    own.feedback.answers = ({ body }) => (body.statement === undefined ? undefined : problem(500, 'internal'));
    await own.post('', again);
    const begun = await own.corrections.kept.find(other, CONSUMER);
    expect(begun).toBeDefined();
    own.feedback.answers = () => undefined;
    expect((await own.post('', again)).status).toBe(201);
    expect((await own.corrections.kept.find(other, CONSUMER))?.salt).toBe(begun?.salt);
    const [first, second] = own.feedback.given();
    expect(first?.body.outline?.digest).toBe(second?.body.outline?.digest);
  });
});
