import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, TestIssuer } from '#testing';
import { ConnectorNetwork, CONSUMER, SERVICE, withUnsafeParcels } from './connector-network.js';
import { SUBJECT, type Mischief } from './evil-gateway.js';

const OTHER = { country: 'TEST', type: 'PIN', code: 'TEST000002' };
const REPRESENTS = `TEST/PIN/${OTHER.code}`;
const OFFICIAL = { country: 'TEST', type: 'OFFICIAL', code: 'OFF000001' };
const PARCELS = { target: `/r1/${SERVICE}/parcels/1`, payload: { ep: 'GET /parcels/{id}' }, subject: undefined };
const CLAIMS = {
  method: 'POST',
  target: `/r1/${SERVICE}/claims`,
  headers: [['Content-Type', 'application/json']] as const,
  body: Buffer.from(JSON.stringify({ pin: SUBJECT.code })),
  payload: { ep: 'POST /claims' },
};

let issuer: TestIssuer;
let stranger: TestIssuer;
let network: ConnectorNetwork;
beforeAll(async () => {
  issuer = await TestIssuer.create();
  stranger = await TestIssuer.create('https://id.stranger.example');
  network = await ConnectorNetwork.create(
    (text) =>
      TestIssuer.definitionOf(issuer) +
      withUnsafeParcels(text).replace(
        'until: 2099-12-31 }',
        'endUser: { "POST /claims": subject }, until: 2099-12-31 }',
      ),
  );
  await network.start();
}, 60_000);
afterAll(() => network.close());

/** A request of a gateway that believes everything, with a person who has really signed in, or not. */
async function acting(sub: string, more: Mischief = {}, changes: Parameters<TestIssuer['mint']>[2] = {}) {
  const assertion = await issuer.mint(sub, CONSUMER, changes);
  return { user: { ...SUBJECT, code: sub }, assertion, ...more };
}

/** As `acting` of the other person, with a mandate of the subject behind the assertion. */
async function mandated(by: string, changes: Parameters<TestIssuer['mandate']>[2] = {}) {
  const mischief = await acting(OTHER.code);
  const mandate = await issuer.mandate(by, `TEST/PIN/${SUBJECT.code}`, changes);
  return { ...mischief, assertion: `${mischief.assertion}~${mandate}` };
}

describe('a connector decides who may act, whatever the gateway has let through', () => {
  it('the subject, who represents them, and an official', async () => {
    const cases: Mischief[] = [
      await acting(SUBJECT.code),
      await acting(OTHER.code, {}, { claims: { represents: [SUBJECT.code] } }),
      await acting(OFFICIAL.code, { user: OFFICIAL }, { claims: { kind: 'official' } }),
      await acting(SUBJECT.code, CLAIMS),
      await mandated(REPRESENTS),
    ];
    for (const mischief of cases) {
      const { statement } = await network.answerTo(await network.send(mischief));
      expect(statement.payload).toMatchObject({ t: 'exchange.answered' });
    }
  });

  const cases: readonly [what: string, why: string, mischief: () => Promise<Mischief>][] = [
    ['somebody else', 'end-user-mismatch', () => acting(OTHER.code)],
    ['nobody where the agreement wants the subject', 'end-user-required', () => Promise.resolve(CLAIMS)],
    [
      'an official where the agreement wants the subject',
      'end-user-required',
      () => acting(OFFICIAL.code, { ...CLAIMS, user: OFFICIAL }, { claims: { kind: 'official' } }),
    ],
    ['another than committed to', 'commitment-mismatch', () => acting(SUBJECT.code, { user: OTHER })],
    ['somebody without an assertion', 'commitment-mismatch', () => acting(SUBJECT.code, { assertion: '' })],
    [
      'an assertion of somebody who was not committed to',
      'commitment-mismatch',
      async () => ({ assertion: await issuer.mint(SUBJECT.code, CONSUMER) }),
    ],
    [
      'an assertion for another consumer',
      'end-user-audience',
      async () => acting(SUBJECT.code, { assertion: await issuer.mint(SUBJECT.code, 'TEST/GOV/1002/late') }),
    ],
    [
      'an assertion of an issuer that nobody registered',
      'end-user-issuer-unknown',
      async () => acting(SUBJECT.code, { assertion: await stranger.mint(SUBJECT.code, CONSUMER) }),
    ],
    ['a mandate that lets somebody else act', 'mandate-foreign', () => mandated('TEST/PIN/TEST000003')],
    [
      'a mandate for another service',
      'end-user-mismatch',
      () => mandated(REPRESENTS, { claims: { services: [`${SERVICE}x`] } }),
    ],
    ['a mandate that had ended', 'mandate-expired', () => mandated(REPRESENTS, { claims: { iat: 1, exp: 2 } })],
    [
      'an assertion that had expired',
      'end-user-expired',
      () => acting(SUBJECT.code, {}, { claims: { iat: 1, exp: 2 } }),
    ],
  ];
  it.each(cases)('refuses %s: %s', async (_what, why, mischief) => {
    const sent = await network.send(await mischief());
    const { statement, content } = await network.answerTo(sent);
    expect(statement.payload).toMatchObject({ t: 'exchange.refused', why });
    expect(content).toBeUndefined();
    expect(network.callsOf(sent)).toEqual([]);
    await eventually(() => network.leavesOf(sent).some(({ payload }) => payload.t === 'exchange.refused'));
  });

  it('refuses a citizen an unsafe call of which only the answer would tell whom it concerned, before it is made', async () => {
    const more = { method: 'POST', target: `/r1/${SERVICE}/parcels`, subject: undefined };
    const sent = await network.send(await acting(SUBJECT.code, { ...more, payload: { ep: 'POST /parcels' } }));
    const { statement } = await network.answerTo(sent);
    expect(statement.payload).toMatchObject({ t: 'exchange.refused', why: 'end-user-mismatch' });
    expect(network.callsOf(sent)).toEqual([]);
  });

  it('refuses an answer that tells a citizen about somebody else, and gives them their own', async () => {
    network.agency.answer = (_call, response) => response.end(JSON.stringify({ owner: OTHER.code }));
    const foreign = await network.answerTo(await network.send(await acting(SUBJECT.code, PARCELS)));
    expect(foreign.statement.payload).toMatchObject({ t: 'exchange.refused', why: 'end-user-mismatch' });
    expect(foreign.content).toBeUndefined();
    const own = await network.answerTo(await network.send(await acting(OTHER.code, PARCELS)));
    expect(own.statement.payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  });
});
