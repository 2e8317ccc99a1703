import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CaseClient, newSalt, type WordedAct } from '#case-client';
import { correctionTopic, fixedTopics } from '#contracts';
import { newExchangeId, systemClock, toBase64Url, type InstanceId, type ServiceId, type SubsystemId } from '#kernel';
import { freePort } from '#local';
import type { RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { jwkSigner, startSession } from '#signing';
import { sealDelivery } from '#deliveries';
import {
  buildWorld,
  createDatabase,
  eventually,
  TestIssuer,
  uniqueName,
  withFeedback,
  type TestDatabase,
} from '#testing';
import { Corrections } from '../../apps/gateway/src/corrections/corrections.module.js';
import { gatewayFixture, type Fixture } from '../../apps/gateway/src/exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

const PORTAL = CONSUMER as SubsystemId;
const OWNER = PROVIDER as SubsystemId;
const ANN = person('PIN/TEST000001');
const ASKED = 'Göndərin: doğum şəhadətnaməsi.\nHər iki üzü, xahiş edirik.';
const DECIDED = 'Qeydiyyat kitabına baxdıq: <b>tarix</b> düzgündür, Ayşə xanım.';
const SPOKEN = ['doğum şəhadətnaməsi', 'Hər iki üzü', 'Qeydiyyat kitabına', 'Ayşə xanım'];

let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;
let place: TestDatabase;
let database: Database;
let gateway: Fixture;
let corrections: Corrections;
let owner: CaseClient;
let id: string;
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
    failed: (_what, cause) => failures.push(cause),
  });
  const { sign, seal } = network.audit.world.keysOf(OWNER);
  owner = new CaseClient({
    ...{ feedbackUrl: app.url, subsystem: OWNER, timeoutMs: 10_000, signer: () => jwkSigner(sign) },
    unsealKey: (to, kid) => (to === OWNER && kid === seal.kid ? seal : undefined),
  });
  id = await filed();
  await owner.receive(id);
  await stands('RECEIVED');
  await owner.act(id, { act: 'start' });
  await stands('IN_REVIEW');
});
afterAll(async () => {
  await gateway.close();
  await database.close();
  await place.drop();
  await network.close();
});

async function filed(): Promise<string> {
  const requested = await network.requested([ANN]);
  const answered = await network.answered(requested.statement);
  await network.stamp(requested.statement, answered.statement);
  await network.send(await network.sealed(requested));
  const { id: exchangeId } = requested.statement.payload;
  await eventually(async () => (await network.accesses(ANN)).some((one) => one.exchangeId === exchangeId), {
    timeoutMs: 30_000,
  });
  const correctionId = newExchangeId();
  await corrections.filings.file(PORTAL, await person1(), {
    ...{ correctionId, kind: 'ERROR', service: SERVICE as ServiceId, exchangeId },
    ...{ endpoint: 'GET /{pin}', subject: `TEST/PIN/${ANN.code}`, language: 'az' },
    items: [{ pointer: '/name', doubted: 'Test', proposed: 'Right' }],
  });
  id = correctionId;
  await stands('ROUTED');
  return correctionId;
}
const person1 = () => issuer.mint(ANN.code, CONSUMER);
async function stands(state: string): Promise<Readonly<Record<string, unknown>>> {
  const check = async () => {
    const standing = await corrections.steps.standing(corrections.steps.asker(PORTAL, await person1()), id);
    return standing['state'] === state && standing['isMoving'] === false ? standing : undefined;
  };
  return eventually(check, { timeoutMs: 30_000 });
}
const keyOf = (subsystem: SubsystemId) => {
  const { seal } = network.audit.world.keysOf(subsystem);
  return { kid: seal.kid, jwk: seal };
};
const ask = (): WordedAct => ({ act: 'request-info', question: 'document-needed', salt: newSalt() });
const words = async () => corrections.words.of(PORTAL, await person1(), id);

describe('own words of a case worker', () => {
  it('are refused as what is no plain text, too long, or for nobody', async () => {
    for (const text of ['', ' \n', 'a\u0000b', 'a\u202eb', '\ud800', 'x'.repeat(2_001)])
      await expect(owner.say(id, ask(), text, keyOf)).rejects.toMatchObject({ code: 'case-words-unplain' });
    await expect(owner.say(id, ask(), 'Text', () => undefined)).rejects.toMatchObject({
      code: 'case-portal-unsealable',
    });
  });

  it('are taken only with their digest, and sealed for the portal that filed', async () => {
    const outline = { code: 'case-feedback-invalid', extensions: { feedbackCode: 'case-outline', problem: 'sealed' } };
    const contentId = newExchangeId();
    const { kid, jwk } = keyOf(OWNER);
    const session = await startSession({ recipient: OWNER, kid, publicJwk: jwk });
    const head = { id: contentId, kind: 'correction.words', to: OWNER };
    const sealed = toBase64Url(sealDelivery(head, { correctionId: id, salt: newSalt(), text: 'Text' }, session));
    const hash = `h1:${'A'.repeat(43)}`;
    for (const [act, content] of [
      [ask(), { id: contentId, sealed }],
      [{ ...ask(), words: hash }, undefined],
      [
        { ...ask(), words: hash },
        { id: contentId, sealed },
      ],
    ] as const)
      await expect(owner.act(id, act, content)).rejects.toMatchObject(outline);
    await stands('IN_REVIEW');
  });

  it('reach the person beside the code, in a question and in a decision, and stand in the letter', async () => {
    expect((await stands('IN_REVIEW'))['hasOwnWords']).toBeUndefined();
    await owner.say(id, ask(), ASKED, keyOf);
    expect((await stands('NEEDS_INFO'))['hasOwnWords']).toBe(true);
    expect(await words()).toMatchObject([{ what: 'info-requested', owner: OWNER, text: ASKED }]);
    await corrections.acts.answer(PORTAL, await person1(), id, { text: 'Here.' });
    await stands('IN_REVIEW');
    const decision: WordedAct = {
      ...{ act: 'decide', outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: 'art. 12' },
      ...{ remedies: ['court'], accepted: [], approvedBy: 'worker-1', salt: newSalt() },
    };
    await owner.say(id, decision, DECIDED, keyOf);
    await stands('REJECTED');
    const shown = await words();
    expect(shown.map((one) => ('text' in one ? one.text : one.problem))).toEqual([ASKED, DECIDED]);
    const letter = await corrections.words.letter(PORTAL, await person1(), id, undefined);
    expect([letter.language, letter.paragraphs.filter((text) => text.includes('öz sözləri')).length]).toEqual([
      'az',
      2,
    ]);
    expect(letter.paragraphs.find((text) => text.endsWith(`Qurumun öz sözləri ilə:\n${ASKED}`))).toBeDefined();
    expect(letter.paragraphs.find((text) => text.endsWith(`\n${DECIDED}`))).toBeDefined();
    expect(failures).toEqual([]);
  });

  it('are nowhere at feedback: in no table, no topic, no line of its log, and in none of its answers', async () => {
    const { feedback } = await network.databases();
    const tables = await feedback.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'feedback'`,
    );
    expect(tables.map(({ tablename }) => tablename)).toContain('correction_words');
    const kept: string[] = [];
    for (const { tablename } of tables) {
      const rows = await feedback.query<{ row: string }>(`SELECT t::text AS row FROM feedback.${tablename} AS t`);
      kept.push(...rows.map(({ row }) => row));
    }
    const topics = [PORTAL, OWNER].map((one) => correctionTopic(one).name);
    const records = await everything([...topics, fixedTopics.stamp.name]);
    const asker = corrections.steps.asker(PORTAL, await person1());
    const paths = ['', '/words', '/letter', '/evidence'].map((path) => `/v1/corrections/${id}${path}`);
    const answers = await Promise.all(paths.map((path) => corrections.feedback.get(path, asker, 'large')));
    const said = Buffer.concat([
      Buffer.from([...kept, ...network.lines, ...answers.map((one) => JSON.stringify(one))].join('\n')),
      ...records,
    ]);
    // What is looked for would be found.
    expect(said.includes('data-correct')).toBe(true);
    for (const text of [...SPOKEN, ASKED, DECIDED])
      for (const spelled of [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('hex')])
        expect(said.includes(spelled)).toBe(false);
  });

  it('are not shown where feedback hands over something else than what the owner has signed', async () => {
    const asker = corrections.steps.asker(PORTAL, await person1());
    const { words: honest } = (await corrections.feedback.get(`/v1/corrections/${id}/words`, asker)) as {
      words: { act: { words: string }; statement: string; content: { id: string; sealed: string } }[];
    };
    const [asked, decided] = honest as [(typeof honest)[0], (typeof honest)[0]];
    const problems = async (forged: unknown) => {
      const { get } = corrections.feedback;
      corrections.feedback.get = () => Promise.resolve({ words: [forged] });
      try {
        return (await words()).map((one) => ('problem' in one ? one.problem : one.text));
      } finally {
        corrections.feedback.get = get;
      }
    };
    expect(await problems({ ...asked, content: decided.content })).toEqual(['words-unsound']);
    expect(await problems({ ...asked, act: { ...asked.act, words: decided.act.words } })).toEqual(['act-unsound']);
    expect(await problems({ ...asked, act: decided.act, content: decided.content })).toEqual(['act-unsound']);
    const [head, payload, signature] = asked.statement.split('.');
    expect(await problems({ ...asked, statement: [head, payload, signature?.replace(/^./, 'B')].join('.') })).toEqual([
      'statement-unsound',
    ]);
    const sealed = Buffer.from(asked.content.sealed, 'base64url');
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    const spoilt = { ...asked.content, sealed: sealed.toString('base64url') };
    expect(await problems({ ...asked, content: spoilt })).toEqual(['words-unopenable']);
  });

  /** All records of these topics, as the broker holds them. */
  async function everything(topics: readonly string[]): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    const subscription = await network.bus.subscribe({
      ...{ topics: [...topics], group: uniqueName('spec'), startAt: { kind: 'earliest' }, maxInFlight: 100 },
      onError: () => undefined,
      each: ({ value }) => Promise.resolve(void parts.push(Buffer.from(value))),
    });
    // The decision's own statement is the last thing that was sent.
    await eventually(() => parts.some((part) => isStatementOf(part, 'correction.decided')), { timeoutMs: 30_000 });
    await subscription.stop();
    return parts;
  }
});

function isStatementOf(record: Buffer, type: string): boolean {
  const payload = record.toString().split('.')[1] ?? '';
  return Buffer.from(payload, 'base64url').toString().includes(`"t":"${type}"`);
}
