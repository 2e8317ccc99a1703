import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { valueHash } from '#corrections';
import { openDelivery, readCaseInfo } from '#deliveries';
import { openDatabase, type Database } from '#postgres';
import { publicJwk, verifyStatement } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { filing, startCorrections, type CorrectionsFixture } from './spec-support/corrections-fixture.js';
import { problem } from './spec-support/stand-in-feedback.js';

const ID = '019ac1a4-7a3c-7000-8000-000000000001';
const NOTE = { name: 'note.txt', mediaType: 'text/plain', bytes: Buffer.from('see').toString('base64') };

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
beforeEach(async () => {
  own = await startCorrections(database);
  expect((await own.post('', filing({ correctionId: ID }))).status).toBe(201);
  own.feedback.calls.length = 0;
});
afterEach(() => own.close());

describe('a person in their case', () => {
  it.each([
    ['withdraw', { t: 'correction.withdrawn' }],
    ['appeal', { t: 'correction.reopened', why: 'appeal' }],
  ])('may %s, stated by their portal', async (act, said) => {
    const answer = await own.post(`/${ID}/${act}`, {});
    expect([answer.status, await answer.json()]).toMatchObject([200, { standing: { id: ID } }]);
    const [given] = own.feedback.given();
    expect(given?.statement.payload).toMatchObject({ ...said, id: ID, from: CONSUMER });
    expect(verifyStatement(given!.statement, publicJwk(own.gateway.world.keysOf(CONSUMER).sign))).toBe(true);
    expect(own.feedback.calls.map(({ endUser }) => endUser)).toEqual(['an.asser.tion', 'an.asser.tion']);
  });

  it('answers the owner, and nobody else can read it', async () => {
    const said = { text: 'It was in May.', attachments: [NOTE] };
    expect((await own.post(`/${ID}/info`, said)).status).toBe(200);
    const [{ body, statement } = { body: {}, statement: undefined }] = own.feedback.given();
    const { id = '', sealed = '' } = body.content ?? {};
    const { seal } = own.gateway.world.keysOf(PROVIDER);
    const head = { id, kind: 'correction.info', to: PROVIDER };
    const opened = await openDelivery(head, Buffer.from(sealed, 'base64url'), () => seal);
    const info = opened.ok ? readCaseInfo(opened.value) : undefined;
    expect(info).toMatchObject({ correctionId: ID, ...said });
    const doc = valueHash(Buffer.from(info?.salt ?? '', 'base64url'), said);
    expect(statement?.payload).toMatchObject({ t: 'correction.info-provided', to: PROVIDER, doc });
    expect(JSON.stringify(own.feedback.calls)).not.toContain('in May');
  });

  it('is told what feedback says: not theirs, not now', async () => {
    const other = await own.post('/019ac1a4-7a3c-7000-8000-000000000009/info', { text: 'x' });
    expect([other.status, await other.json()]).toMatchObject([404, { code: 'case-unknown' }]);
    own.feedback.answers = () => problem(409, 'case-refused', { refusal: 'already-decided', hint: 'Appeal.' });
    const late = await own.post(`/${ID}/withdraw`, {});
    expect([late.status, await late.json()]).toMatchObject([409, { refusal: 'already-decided', hint: 'Appeal.' }]);
    expect(own.feedback.given()).toEqual([]);
  });

  it.each<[string, string, object, number]>([
    ['an id that is none', '/x%2f..%2fy/withdraw', {}, 400],
    ['words where none belong', `/${ID}/appeal`, { text: 'x' }, 400],
    ['an answer without words', `/${ID}/info`, {}, 400],
    ['an answer that is too long', `/${ID}/info`, { text: 'x'.repeat(4_001) }, 400],
    [
      'an attachment that is something else',
      `/${ID}/info`,
      { text: 'x', attachments: [{ ...NOTE, mediaType: 'image/png' }] },
      400,
    ],
  ])('is refused %s', async (_, path, body, status) => {
    expect((await own.post(path, body)).status).toBe(status);
    expect(own.feedback.calls).toEqual([]);
  });

  it('signs no other step than the one that was asked for', async () => {
    own.feedback.proposes = (payload) => ({ ...payload, t: 'correction.reopened', now: 'REOPENED', why: 'appeal' });
    const answer = await own.post(`/${ID}/withdraw`, {});
    expect([answer.status, await answer.json()]).toMatchObject([502, { code: 'corrections-payload-alien' }]);
    expect(own.feedback.given()).toEqual([]);
  });
});
