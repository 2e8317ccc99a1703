import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { opens, parseStatement } from '#signing';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, TestIssuer, type TestDatabase } from '#testing';
import { gatewayFixture, CONSUMER, type Fixture } from './spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';

const USER = { country: 'TEST', type: 'PIN', code: 'TEST000001' };

let issuer: TestIssuer;
let place: TestDatabase;
let database: Database;
let fixture: Fixture;

beforeAll(async () => {
  issuer = await TestIssuer.create();
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  const definition = (text: string) =>
    TestIssuer.definitionOf(issuer) +
    text.replace('until: 2099-12-31 }', 'endUser: { "POST /claims": subject }, until: 2099-12-31 }');
  fixture = await gatewayFixture(database, {}, undefined, { definition });
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = (endUser: string | undefined, more: Parameters<Fixture['request']>[0] = {}, idempotencyKey?: string) =>
  fixture.module.exchanges.perform(
    fixture.request({
      ...more,
      context: {
        ...(endUser === undefined ? {} : { endUser }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
    }),
  );
const claims = {
  method: 'POST',
  path: '/claims',
  headers: [{ name: 'Content-Type', value: 'application/json' }],
  body: Buffer.from('{"pin":"TEST000001"}'),
};

describe('an exchange with an end user', () => {
  test('commits to them, opens them to the provider and in the row, and tells the log nothing', async () => {
    const assertion = await issuer.mint(USER.code, CONSUMER);
    const outcome = await perform(assertion);
    expect(outcome).toMatchObject({ kind: 'answered' });
    const [seen] = fixture.provider.seen;
    const { content, statement } = seen!;
    expect(content).toMatchObject({ endUser: USER, endUserAssertion: assertion });
    expect(content.headers.map(({ name }) => name.toLowerCase())).not.toContain('kerege-end-user');
    expect(statement.payload.user).toHaveLength(1);
    expect(opens('user', statement.payload.user?.[0] ?? '', content.endUser!)).toBe(true);
    expect(opens('subject', statement.payload.user?.[0] ?? '', content.endUser!)).toBe(false);
    const leaf = parseStatement(fixture.log.leaves[0]?.jws ?? '');
    expect(leaf.ok && JSON.stringify(leaf.value.payload)).not.toContain(USER.code);
    if (outcome.kind !== 'answered') return;
    await fixture.module.store.settled(outcome.exchangeId);
    const row = await fixture.module.store.find(outcome.exchangeId, CONSUMER);
    expect(row?.openings.map(({ kind, index, code }) => ({ kind, index, code }))).toEqual([
      { kind: 'subject', index: 0, code: USER.code },
      { kind: 'user', index: 0, code: USER.code },
    ]);
    expect(JSON.stringify(row)).not.toContain(assertion);
  });

  test('is as good as one without where no agreement asks, and refused where one asks', async () => {
    expect(await perform(undefined)).toMatchObject({ kind: 'answered' });
    expect(await perform(undefined, claims)).toMatchObject({ kind: 'refused', code: 'end-user-required' });
    expect(await perform(await issuer.mint(USER.code, CONSUMER), claims)).toMatchObject({ kind: 'answered' });
    const official = await issuer.mint('OFF000001', CONSUMER, { claims: { kind: 'official' } });
    expect(await perform(official, claims)).toMatchObject({ kind: 'refused', code: 'end-user-required' });
    expect(await perform(official)).toMatchObject({ kind: 'answered' });
  });

  test('is refused, stated and never sent where they may not act', async () => {
    const refused = [
      [await issuer.mint('TEST000002', CONSUMER), 'end-user-mismatch'],
      [await issuer.mint(USER.code, 'TEST/GOV/1009/operator'), 'end-user-audience'],
      [await issuer.mint(USER.code, CONSUMER, { claims: { acr: 'low' } }), 'end-user-assurance'],
      ['TEST000001', 'end-user-malformed'],
      ['', 'end-user-malformed'],
    ] as const;
    for (const [assertion, code] of refused) {
      expect(await perform(assertion)).toMatchObject({ kind: 'refused', code, side: 'consumer', decidedBy: 'gateway' });
      await eventually(() => fixture.log.leaves.at(-1)?.payload.why === code);
      expect(fixture.log.leaves.at(-1)?.payload).toMatchObject({ t: 'exchange.refused', ep: 'GET /{pin}' });
    }
    expect(fixture.provider.seen).toEqual([]);
  });

  test('may act by a mandate of a register, until it is revoked', async () => {
    const { service } = fixture.request().target;
    const assertion = await issuer.mint('TEST000002', CONSUMER);
    const show = async (changes: Parameters<TestIssuer['mandate']>[2] = {}, by = 'TEST/PIN/TEST000002') =>
      `${assertion}~${await issuer.mandate(by, 'TEST/PIN/TEST000001', changes)}`;
    const presentation = await show({ claims: { services: [service] } });
    expect(await perform(presentation)).toMatchObject({ kind: 'answered' });
    expect(fixture.provider.seen[0]?.content).toMatchObject({
      endUser: { code: 'TEST000002' },
      endUserAssertion: presentation,
    });
    expect(await perform(presentation, claims)).toMatchObject({ kind: 'answered' });
    const refused = [
      [await show({ claims: { services: [`${service}x`] } }), 'end-user-mismatch'],
      [await show({}, 'TEST/PIN/TEST000003'), 'mandate-foreign'],
      [await show({ claims: { exp: 2 } }), 'mandate-expired'],
      [`${presentation}~`, 'mandate-malformed'],
    ] as const;
    for (const [shown, code] of refused)
      expect(await perform(shown)).toMatchObject({ kind: 'refused', code, decidedBy: 'gateway' });
    expect(fixture.provider.seen).toHaveLength(2);
  });

  test('is refused before anybody is believed while there is no snapshot', async () => {
    fixture.registry.view = undefined;
    expect(await perform(await issuer.mint(USER.code, CONSUMER))).toMatchObject({ code: 'registry-expired' });
  });

  test('is the same call under a key with a fresh token of the same person only', async () => {
    const key = crypto.randomUUID();
    const first = await perform(await issuer.mint(USER.code, CONSUMER), {}, key);
    expect(first).toMatchObject({ kind: 'answered' });
    const again = await perform(await issuer.mint(USER.code, CONSUMER), {}, key);
    expect(again).toMatchObject({ code: 'exchange-ended' });
    const parent = await issuer.mint('TEST000009', CONSUMER, { claims: { represents: [USER.code] } });
    expect(await perform(parent, {}, key)).toMatchObject({ code: 'idempotency-key-reused' });
    expect(await perform(undefined, {}, key)).toMatchObject({ code: 'idempotency-key-reused' });
  });
});
