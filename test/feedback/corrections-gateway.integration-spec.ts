import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId, systemClock, type InstanceId, type ServiceId, type SubsystemId } from '#kernel';
import { freePort } from '#local';
import type { RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { buildWorld, createDatabase, eventually, TestIssuer, withFeedback, type TestDatabase } from '#testing';
import { Corrections } from '../../apps/gateway/src/corrections/corrections.module.js';
import { gatewayFixture, type Fixture } from '../../apps/gateway/src/exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { CONSUMER, SERVICE } from '../audit/audit-network.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

const [ANN, BEN] = [person('PIN/TEST000001'), person('PIN/TEST000002')];
const PORTAL = CONSUMER as SubsystemId;
let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;
let place: TestDatabase;
let database: Database;
let gateway: Fixture;
let corrections: Corrections;

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => `${TestIssuer.definitionOf(issuer)}${text}`);
  const port = await freePort();
  app = await network.start({ portals: [CONSUMER], port, publicUrl: `http://127.0.0.1:${port}` });
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  const sameKeysAs = network.audit.world;
  gateway = await gatewayFixture(database, {}, undefined, { sameKeysAs, definition: withFeedback });
  await eventually(() => gateway.module.replies.hearing());
  const { view } = await buildWorld({ sameKeysAs, definition: withFeedback });
  corrections = new Corrections({
    settings: {
      ...{ feedbackUrl: app.url, correctionTimeoutMs: 10_000 },
      ...{ maxCorrectionBytes: 1024 * 1024, verificationsEveryMs: 60_000 },
    },
    ...{ database, exchanges: gateway.module.exchanges, keys: gateway.module.keys, clock: systemClock },
    registry: { current: () => view },
    secret: Buffer.alloc(32, 1),
    gateway: 'TEST/gw1' as InstanceId,
    events: { verified: () => undefined, alarm: () => undefined },
    failed: () => undefined,
  });
});
afterAll(async () => {
  await gateway.close();
  await database.close();
  await place.drop();
  await network.close();
});

async function seenBy(subject: typeof ANN): Promise<string> {
  const requested = await network.requested([subject]);
  const answered = await network.answered(requested.statement);
  await network.stamp(requested.statement, answered.statement);
  await network.send(await network.sealed(requested));
  await eventually(async () => (await network.commitments('pending')) === 0, { timeoutMs: 30_000 });
  return requested.statement.payload.id;
}

const request = (exchangeId: string, subject = ANN) => ({
  ...{ correctionId: newExchangeId(), kind: 'ERROR' as const, service: SERVICE as ServiceId, exchangeId },
  ...{ endpoint: 'GET /{pin}', subject: `TEST/PIN/${subject.code}`, language: 'en' },
  items: [{ pointer: '/name', doubted: 'Test', proposed: 'Right' }],
});

describe('a gateway and feedback', () => {
  it('carry a request into the log, once, and take it back', async () => {
    const filing = request(await seenBy(ANN));
    const assertion = await issuer.mint(ANN.code, CONSUMER);
    const { standing } = await corrections.filings.file(PORTAL, assertion, filing);
    expect(standing).toMatchObject({ id: filing.correctionId, portal: CONSUMER, service: SERVICE });
    const stands = () => corrections.steps.standing(corrections.steps.asker(PORTAL, assertion), filing.correctionId);
    await eventually(async () => (await stands())['state'] === 'ROUTED', { timeoutMs: 30_000 });
    const again = await corrections.filings.file(PORTAL, assertion, filing);
    expect(again.standing).toMatchObject({ id: filing.correctionId, state: 'ROUTED' });
    await eventually(async () => (await stands())['isMoving'] === false, { timeoutMs: 30_000 });
    await corrections.acts.withdraw(PORTAL, assertion, filing.correctionId);
    await eventually(async () => (await stands())['state'] === 'WITHDRAWN', { timeoutMs: 30_000 });
  });

  it('take nothing about somebody else', async () => {
    const assertion = await issuer.mint(ANN.code, CONSUMER);
    const exchange = await seenBy(BEN);
    const foreign = corrections.filings.file(PORTAL, assertion, request(exchange, BEN));
    await expect(foreign).rejects.toMatchObject({ code: 'subject-not-yours' });
    const alien = corrections.filings.file(PORTAL, assertion, request(exchange));
    await expect(alien).rejects.toMatchObject({ code: 'case-refused', extensions: { refusal: 'exchange-foreign' } });
  });
});
