import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CaseClient, newSalt } from '#case-client';
import { newExchangeId, systemClock, type InstanceId, type ServiceId, type SubsystemId } from '#kernel';
import { freePort } from '#local';
import type { RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { jwkSigner } from '#signing';
import { topicSpecsOf, type RegistryView } from '#snapshot';
import { buildWorld, createDatabase, eventually, TestIssuer, withFeedback, type TestDatabase } from '#testing';
import { Corrections } from '../../apps/gateway/src/corrections/corrections.module.js';
import { gatewayFixture, type Fixture } from '../../apps/gateway/src/exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

const PORTAL = CONSUMER as SubsystemId;
const FORMER = PROVIDER as SubsystemId;
const SUCCESSOR = 'TEST/GOV/1003/register' as SubsystemId;
const [ANN, BEN] = [person('PIN/TEST000001'), person('PIN/TEST000002')];
const NEXT = '\n  - { id: GOV/1003, name: { en: New register }, subsystems: [{ code: register }] }\n';

/** The owner has left; its successor is named. */
function withoutOwner(text: string): string {
  const left = text.replace(/\n {2}- id: GOV\/1001[\s\S]*?(?=\n {2}- \{ id: GOV\/1009)/, NEXT.trimEnd());
  const succession = `successions: [{ former: GOV/1001/population, successor: GOV/1003/register, since: 2026-01-01 }]\n`;
  return `${succession}${left.replace('serves: [GOV/1001/population]', 'serves: [GOV/1003/register]').trimStart()}`;
}

describe('an owner who leaves with a successor', () => {
  let issuer: TestIssuer;
  let network: FeedbackNetwork;
  let app: RunningApp;
  let place: TestDatabase;
  let database: Database;
  let gateway: Fixture;
  let corrections: Corrections;
  let view: RegistryView;
  const failures: unknown[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.create();
    network = await FeedbackNetwork.create((text) => `${TestIssuer.definitionOf(issuer)}${text}`);
    const port = await freePort();
    app = await network.start({
      ...{ portals: [CONSUMER], port, publicUrl: `http://127.0.0.1:${port}`, correctionIntervalMs: 50 },
    });
    place = await createDatabase();
    database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
    const sameKeysAs = network.audit.world;
    gateway = await gatewayFixture(database, {}, undefined, { sameKeysAs, definition: withFeedback });
    await eventually(() => gateway.module.replies.hearing());
    view = network.audit.world.view;
    corrections = new Corrections({
      settings: {
        ...{ feedbackUrl: app.url, correctionTimeoutMs: 10_000 },
        ...{ maxCorrectionBytes: 1024 * 1024, verificationsEveryMs: 60_000 },
      },
      ...{ database, exchanges: gateway.module.exchanges, keys: gateway.module.keys, clock: systemClock },
      registry: { current: () => view },
      secret: Buffer.alloc(32, 1),
      gateway: 'TEST/gw1' as InstanceId,
      events: { verified: () => undefined, alarm: (_reason, details) => failures.push(details) },
      failed: (_what, cause) => failures.push(cause),
    });
  });
  afterAll(async () => {
    await gateway.close();
    await database.close();
    await place.drop();
    await network.close();
  });

  /** A case that is with the owner. */
  async function filed(subject: typeof ANN): Promise<string> {
    const requested = await network.requested([subject]);
    const answered = await network.answered(requested.statement);
    await network.stamp(requested.statement, answered.statement);
    await network.send(await network.sealed(requested));
    await eventually(async () => (await network.commitments('pending')) === 0, { timeoutMs: 30_000 });
    const { id: exchangeId } = requested.statement.payload;
    // Nothing waits for an opening before the leaf has come either, so that the index itself is asked.
    await eventually(async () => (await network.accesses(subject)).some((one) => one.exchangeId === exchangeId), {
      timeoutMs: 30_000,
    });
    const correctionId = newExchangeId();
    await corrections.filings.file(PORTAL, await issuer.mint(subject.code, CONSUMER), {
      ...{ correctionId, kind: 'ERROR', service: SERVICE as ServiceId, exchangeId },
      ...{ endpoint: 'GET /{pin}', subject: `TEST/PIN/${subject.code}`, language: 'en' },
      items: [{ pointer: '/name', doubted: 'Test', proposed: 'Right' }],
    });
    await stands(subject, correctionId, { state: 'ROUTED', isMoving: false });
    return correctionId;
  }
  async function stands(subject: typeof ANN, id: string, is: Readonly<Record<string, unknown>>) {
    const check = async () => {
      const asker = corrections.steps.asker(PORTAL, await issuer.mint(subject.code, CONSUMER));
      const standing = await corrections.steps.standing(asker, id);
      return Object.entries(is).every(([name, value]) => standing[name] === value) ? standing : undefined;
    };
    return eventually(check, { timeoutMs: 30_000 });
  }
  function successor(): CaseClient {
    const { sign, seal } = network.audit.world.keysOf(SUCCESSOR);
    return new CaseClient({
      ...{ feedbackUrl: app.url, subsystem: SUCCESSOR, timeoutMs: 10_000, signer: () => jwkSigner(sign) },
      unsealKey: (to, kid) => (to === SUCCESSOR && kid === seal.kid ? seal : undefined),
    });
  }

  it('leaves its open cases to it, who opens and decides them; what nobody can seal stays and is alarmed', async () => {
    const [moving, stranded] = [await filed(ANN), await filed(BEN)];
    const before = await stands(ANN, moving, { owner: FORMER });
    // Filed through a gateway of the release before.
    const { feedback } = await network.databases();
    await feedback.query('UPDATE correction_case SET portal_copy = NULL WHERE id = $1', [stranded]);
    const sameKeysAs = network.audit.world;
    const world = await buildWorld({
      ...{ number: 3, sameKeysAs },
      definition: (text) =>
        `${TestIssuer.definitionOf(issuer)}${withoutOwner(text).trimEnd()}\n  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`,
    });
    await network.bus.ensureTopics(topicSpecsOf(world.snapshot));
    await network.publish(world);
    view = world.view;
    const owner = successor();
    // Under its name at once, and not yet to be opened.
    const listed = () => owner.list({ state: 'open' }).then(({ cases }) => cases.map(({ id }) => id));
    await eventually(async () => (await listed().catch(() => [])).length === 2, { timeoutMs: 30_000 });
    await corrections.verifications.run();
    expect(failures).toEqual([]);
    const after = await stands(ANN, moving, { owner: SUCCESSOR, isMoving: false });
    expect(after).toMatchObject({ state: 'ROUTED', deadlines: before['deadlines'] });

    const { opened, standing } = await owner.read(moving);
    expect(opened?.content.items).toMatchObject([{ doubted: 'Test', proposed: 'Right' }]);
    expect(opened?.digest).toBe(standing.requestDoc);
    await owner.receive(moving);
    await stands(ANN, moving, { state: 'RECEIVED', isMoving: false });
    await owner.act(moving, { act: 'start' });
    await stands(ANN, moving, { state: 'IN_REVIEW', isMoving: false });
    await owner.act(moving, {
      ...{ act: 'decide', outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: 'art. 12' },
      ...{ remedies: ['court'], accepted: [], approvedBy: 'worker-1', salt: newSalt() },
    });
    await stands(ANN, moving, { state: 'REJECTED' });

    await stands(BEN, stranded, { owner: FORMER, state: 'ROUTED' });
    await eventually(() => network.lines.some((line) => line.includes('case-stranded') && line.includes(stranded)));
    await corrections.verifications.run();
    await stands(BEN, stranded, { owner: FORMER, state: 'ROUTED' });
  });
});
