import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isOutlineOf, outlineOf, readContent, type CorrectionContent } from '#corrections';
import { openDelivery, readCaseRequest } from '#deliveries';
import type { SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { checkReaderToken } from '#reader-auth';
import { fromBase64Url } from '#kernel';
import { opens, publicJwk, verifyStatement } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import {
  EXCHANGE,
  filing,
  OTHER,
  SERVICE,
  startCorrections,
  type CorrectionsFixture,
} from './spec-support/corrections-fixture.js';
import { problem, type AskedBody } from './spec-support/stand-in-feedback.js';

const PERSON = { country: 'TEST', type: 'PIN', code: 'TEST000001' };
const ID = '019ac1a4-7a3c-7000-8000-000000000001';

let place: TestDatabase;
let database: Database;
let own: CorrectionsFixture;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => void (own = await startCorrections(database)));
afterEach(async () => {
  await own.close();
  await database.query('DELETE FROM correction_filing');
});

/** As the owner opens what feedback was given. */
async function opened(body: AskedBody, owner: string): Promise<CorrectionContent> {
  const { id, sealed } = body.content ?? { id: '', sealed: '' };
  const head = { id, kind: 'correction', to: owner as SubsystemId };
  const { seal } = own.gateway.world.keysOf(owner);
  const box = await openDelivery(head, Buffer.from(sealed, 'base64url'), (to, kid) =>
    to === owner && kid === seal.kid ? seal : undefined,
  );
  if (!box.ok) throw new TypeError(box.reason);
  const request = readCaseRequest(box.value);
  expect(request).toMatchObject({ kind: body['kind'], service: SERVICE, endpoint: 'GET /{pin}' });
  expect(request?.correctionId).toBe(body['correctionId']);
  const content = readContent(Buffer.from(JSON.stringify(request?.content)));
  if (!content.ok) throw new TypeError(content.reason.reason);
  return content.value;
}

describe('a request', () => {
  it('reaches feedback as digests, and its owner sealed, stated by the consumer', async () => {
    const answer = await own.post('', filing({ correctionId: ID, profile: 'az' }));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ standing: { id: ID, state: 'SUBMITTED' }, parts: [] });
    expect(own.feedback.calls.map(({ endUser }) => endUser)).toEqual(['an.asser.tion', 'an.asser.tion']);
    const [{ body, statement } = { body: {}, statement: undefined! }] = own.feedback.given();
    const content = await opened(body, PROVIDER);
    expect(content).toMatchObject({ subject: 'TEST/PIN/TEST000001', exchangeId: EXCHANGE, language: 'en' });
    expect(content.items).toEqual(filing()['items']);
    expect(content.attachments).toEqual(filing()['attachments']);
    expect(isOutlineOf(body.outline!, content)).toBe(true);
    expect(statement.payload).toMatchObject({ t: 'correction.submitted', id: ID, from: CONSUMER, to: PROVIDER });
    expect(statement.payload.doc).toBe(outlineOf(content).digest);
    const opening = { ...PERSON, r: fromBase64Url(String(body['r'])) ?? Buffer.alloc(0) };
    expect(opens('subject', statement.payload.subj?.[0] ?? '', opening)).toBe(true);
    const key = publicJwk(own.gateway.world.keysOf(CONSUMER).sign);
    expect(verifyStatement(statement, key)).toBe(true);
    const said = JSON.stringify(own.feedback.calls);
    for (const secret of ['A typo.', 'Right', 'scan.txt', content.salt]) expect(said).not.toContain(secret);
    for (const { token } of own.feedback.calls) {
      const check = { audience: own.feedback.url, nowMs: Date.now(), keyOf: () => key };
      expect(await checkReaderToken(token, check)).toMatchObject({ ok: true, value: { reader: CONSUMER } });
    }
  });

  it('goes to the owner of the element, which may be another body than the service’s', async () => {
    own.feedback.ownerOf = () => OTHER;
    const items = [{ element: 'person.birth', pointer: '/birth', doubted: '1990-01-01' }];
    expect((await own.post('', filing({ items }))).status).toBe(201);
    const content = await opened(own.feedback.given()[0]!.body, OTHER);
    expect(content.items).toEqual(items);
  });

  it('that is sent again is the same case, and another under its id is none', async () => {
    expect((await own.post('', filing({ correctionId: ID }))).status).toBe(201);
    const again = await own.post('', filing({ correctionId: ID }));
    expect([again.status, await again.json()]).toMatchObject([201, { standing: { id: ID } }]);
    expect(own.feedback.given()).toHaveLength(1);
    const other = await own.post('', filing({ correctionId: ID, kind: 'OUTDATED' }));
    expect([other.status, await other.json()]).toMatchObject([409, { code: 'case-exists' }]);
  });
});

describe('a request about data of several owners', () => {
  const birth = { element: 'person.birth', pointer: '/birth', doubted: '1990-01-01' };
  const name = { element: 'person.name', pointer: '/name', doubted: 'Test' };
  const several = filing({ correctionId: ID, items: [birth, name], recheck: { path: '/TEST000001' } });
  beforeEach(() => {
    own.feedback.ownerOf = (body) =>
      body.outline?.items.some(({ element }) => element === 'person.birth') === true ? OTHER : PROVIDER;
  });

  it('is a whole and a part for each, and no owner learns what another was sent', async () => {
    const answer = await own.post('', several);
    const told = (await answer.json()) as { standing: { id: string }; parts: { id: string; partOf: string }[] };
    expect([answer.status, told]).toMatchObject([
      201,
      { standing: { id: ID }, parts: [{ partOf: ID }, { partOf: ID }] },
    ]);
    const [whole, ofOther, ofProvider] = own.feedback.given().map(({ body }) => body);
    expect(whole?.content).toBeUndefined();
    const ids = told.parts.map(({ id }) => id);
    expect(whole?.['parts']).toEqual([
      { correctionId: ids[0], owner: OTHER, items: [0] },
      { correctionId: ids[1], owner: PROVIDER, items: [1] },
    ]);
    expect([ofOther?.['parentId'], ofProvider?.['parentId']]).toEqual([ID, ID]);
    const contents = [await opened(ofOther!, OTHER), await opened(ofProvider!, PROVIDER)];
    expect(contents.map(({ items }) => items)).toEqual([[birth], [name]]);
    expect(contents.map((content, index) => isOutlineOf([ofOther, ofProvider][index]!.outline!, content))).toEqual([
      true,
      true,
    ]);
    expect(new Set(contents.map(({ salt }) => salt)).size).toBe(2);
    for (const id of ids) expect(await own.corrections.kept.find(id, CONSUMER)).toBeDefined();
    expect(await own.corrections.kept.find(ID, CONSUMER)).toBeUndefined();
  });

  it('that broke off is completed by asking again', async () => {
    let calls = 0;
    own.feedback.answers = ({ body }) =>
      body['parentId'] !== undefined && (calls += 1) > 2 ? problem(503, 'registry-unread') : undefined;
    const broken = await own.post('', several);
    expect([broken.status, await broken.json()]).toMatchObject([503, { code: 'registry-unread', filing: ID }]);
    own.feedback.answers = () => undefined;
    const whole = await own.post('', several);
    expect([whole.status, await whole.json()]).toMatchObject([201, { parts: [{ partOf: ID }, { partOf: ID }] }]);
    expect(own.feedback.given().filter(({ body }) => body['parentId'] === undefined)).toHaveLength(1);
    expect(own.feedback.standings.size).toBe(3);
  });

  it('that was begun under other ids, by another gateway or release, is completed under those', async () => {
    const parts = ['019ac1a4-7a3c-7000-8000-0000000000a1', '019ac1a4-7a3c-7000-8000-0000000000a2'];
    expect((await own.post('', several)).status).toBe(201);
    const whole = own.feedback.standings.get(ID)!;
    own.feedback.standings.clear();
    own.feedback.standings.set(ID, { ...whole, parts });
    const again = await own.post('', several);
    const told = (await again.json()) as { parts: { id: string }[] };
    expect(told.parts.map(({ id }) => id)).toEqual(parts);
    expect([...own.feedback.standings.keys()]).toEqual([ID, ...parts]);
  });
});

describe('feedback', () => {
  it.each([
    [409, 'case-refused', { refusal: 'duplicate', hint: 'Look at the other.', correctionId: ID }],
    [403, 'case-forbidden', { refusal: 'right-unproved', hint: 'Prove it.' }],
    [403, 'subject-not-yours', {}],
    [401, 'end-user-invalid', { problem: 'expired' }],
    [403, 'caller-not-portal', {}],
    [409, 'case-exists', {}],
    [400, 'case-parties', { owners: [OTHER] }],
    [400, 'terms-unknown', { profile: 'xx' }],
    [429, 'cases-too-many', {}],
    [503, 'registry-unread', {}],
  ])('says %i %s, and the portal is told so', async (status, code, more) => {
    own.feedback.answers = () => problem(status, code, more);
    const answer = await own.post('', filing());
    expect([answer.status, await answer.json()]).toMatchObject([status, { code, next: 'Do it right.', ...more }]);
    own.feedback.answers = ({ body }) => (body['statement'] === undefined ? undefined : problem(status, code, more));
    const later = await own.post('', filing());
    expect([later.status, await later.json()]).toMatchObject([status, { code, ...more }]);
  });

  it.each<[string, () => ReturnType<typeof problem> | 'silence']>([
    ['is silent', () => 'silence'],
    ['is broken', () => problem(500, 'internal')],
    ['says no problem of its own', () => ({ status: 404, body: 'x' })],
    ['says too much', () => ({ status: 200, body: { payload: 'x'.repeat(300_000) } })],
  ])('%s: 503, and the portal may ask again', async (_, said) => {
    own.feedback.answers = said;
    const answer = await own.post('', filing());
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'corrections-feedback-away' }]);
    own.feedback.answers = () => undefined;
    expect((await own.post('', filing())).status).toBe(201);
  });

  it.each<[string, (payload: Record<string, unknown>) => Record<string, unknown>]>([
    ['another case', (payload) => ({ ...payload, id: EXCHANGE })],
    ['another owner', (payload) => ({ ...payload, to: OTHER })],
    ['another portal', (payload) => ({ ...payload, from: OTHER })],
    ['another content', (payload) => ({ ...payload, doc: `h1:${Buffer.alloc(32).toString('base64url')}` })],
    ['another person', (payload) => ({ ...payload, subj: [`c1:${Buffer.alloc(32).toString('base64url')}`] })],
    ['another time', (payload) => ({ ...payload, ts: Date.now() + 3_600_000 })],
    ['an exchange', () => ({ v: 1, t: 'exchange.conflict', id: ID, ts: Date.now(), ref: 'x', doc: 'y' })],
    ['nothing', () => ({})],
  ])('proposes %s: nothing is signed', async (_, proposes) => {
    own.feedback.proposes = proposes;
    const answer = await own.post('', filing());
    expect([answer.status, await answer.json()]).toMatchObject([502, { code: 'corrections-payload-alien' }]);
    expect(own.feedback.given()).toEqual([]);
  });
});

describe('what cannot be filed', () => {
  const png = { name: 'a', mediaType: 'image/png', bytes: Buffer.from('no picture').toString('base64') };
  it.each<[string, object, number, object]>([
    [
      'an attachment that is something else',
      { attachments: [png] },
      400,
      { code: 'correction-content-flawed', reason: 'attachment-mislabelled', places: ['/attachments/0'] },
    ],
    [
      'an attachment of a kind that nobody opens',
      { attachments: [{ ...png, mediaType: 'text/html' }] },
      400,
      { code: 'correction-content-flawed', reason: 'content-malformed', places: ['/attachments/0/mediaType'] },
    ],
    ['a place that is no pointer', { items: [{ pointer: 'x' }] }, 400, { places: ['/items/0/pointer'] }],
    ['no item', { items: [] }, 400, { places: ['/items'] }],
    ['a person who is spelled wrongly', { subject: 'test/pin/1' }, 400, { code: 'correction-malformed' }],
    ['a field that nobody knows', { sealed: true }, 400, { code: 'correction-malformed' }],
    ['a service that is not there', { service: `${SERVICE}2` }, 404, { code: 'correction-service-unknown' }],
    ['an endpoint that is not there', { endpoint: 'GET /' }, 400, { problems: [{ pointer: '#/endpoint' }] }],
    ['a recheck of another endpoint', { recheck: { path: '/a/b' } }, 400, { problems: [{ pointer: '#/recheck' }] }],
    [
      'a recheck that leaves the service',
      { recheck: { path: '/../x' } },
      400,
      { problems: [{ pointer: '#/recheck' }] },
    ],
  ])('%s', async (_, changes, status, told) => {
    const answer = await own.post('', filing(changes));
    expect([answer.status, await answer.json()]).toMatchObject([status, told]);
    expect(own.feedback.calls).toEqual([]);
  });

  it('is JSON that is none, too deep, too large, or of nobody', async () => {
    const deep = `{"items":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect(await (await own.post('', deep)).json()).toMatchObject({ code: 'correction-malformed' });
    expect(await (await own.post('', '{')).json()).toMatchObject({ code: 'correction-malformed' });
    const bytes = Buffer.alloc(400_000, 'a').toString('base64');
    const large = filing({ attachments: [{ name: 'a', mediaType: 'text/plain', bytes }] });
    const answer = await own.post('', large);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { reason: 'content-too-big', mostBytes: 524_288 },
    ]);
    const larger = filing({ attachments: [{ name: 'a', mediaType: 'text/plain', bytes: bytes + bytes }] });
    expect((await own.post('', larger)).status).toBe(413);
    const nobody = await own.post('', filing(), { 'Kerege-End-User': '' });
    expect([nobody.status, await nobody.json()]).toMatchObject([401, { code: 'correction-person-missing' }]);
    expect((await own.post('', filing(), { 'X-Road-Client': OTHER })).status).toBe(401);
    expect(own.feedback.calls).toEqual([]);
  });

  it('is anything while no snapshot is fresh', async () => {
    own.gateway.registry.view = undefined;
    expect((await own.post('', filing())).status).toBe(503);
  });
});
