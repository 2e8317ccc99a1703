import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { opens } from '#signing';
import { eventually, FeedbackStandIn, withFeedback } from '#testing';
import { ConnectorNetwork, SERVICE, withUnsafeParcels } from './connector-network.js';
import type { Crafted } from './evil-gateway.js';

let network: ConnectorNetwork;
let feedback: FeedbackStandIn;
let url: string;
beforeAll(async () => {
  network = await ConnectorNetwork.create((text) => withUnsafeParcels(withFeedback(text)));
  feedback = await FeedbackStandIn.start(network.bus, network.world);
  ({ url } = await network.start({ keptAnswers: 1 }));
}, 60_000);
afterAll(async () => {
  await feedback.stop();
  await network.close();
});

/** How often the connector counted this. */
const counted = async (event: string) => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    new RegExp(`^kerege_connector_openings_total\\{.*event="${event}".*\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
  );
};
const status = async () => JSON.stringify(await (await fetch(`${url}/status`)).json());
const seenOf = ({ id }: Crafted, count: number) =>
  eventually(() => (feedback.of(id).length >= count ? feedback.of(id) : undefined), { timeoutMs: 15_000 });
const nobody = { r: Buffer.alloc(0), country: '', type: '', code: '' };
const parcels = { target: `/r1/${SERVICE}/parcels/7`, subject: undefined, payload: { ep: 'GET /parcels/{id}' } };

describe('openings from the connector', () => {
  it('are counted and not sent before feedback has announced a key; the exchange goes on', async () => {
    await network.answerTo(await network.send());
    expect(await counted('no-key')).toBe(1);
    await eventually(async () => (await status()).includes('feedback has announced no key'), { timeoutMs: 20_000 });
    await feedback.announce(Date.now() - 1_000);
    await eventually(async () => (await counted('opening-key-adopted')) === 1, { timeoutMs: 20_000 });
    await eventually(async () => !(await status()).includes('feedback has announced no key'), { timeoutMs: 20_000 });
    expect(feedback.opened).toEqual([]);
  });

  it('come although the gateway was killed before its own was stored: this one sends none', async () => {
    const sent = await network.send();
    await network.answerTo(sent);
    const [seen, ...more] = await seenOf(sent, 1);
    expect(more).toEqual([]);
    expect(seen?.statementHash).toEqual(sent.requested.leafHash);
    expect(opens('subject', sent.requested.payload.subj[0] ?? '', seen?.content.subjects[0] ?? nobody)).toBe(true);
  });

  it('come when the agency fails, and again with the kept bytes of a redelivery', async () => {
    network.agency.answer = (_call, response) => response.socket?.destroy();
    const sent = await network.send();
    expect((await network.answerTo(sent)).statement.payload.t).toBe('exchange.failed');
    const [first] = await seenOf(sent, 1);
    await network.resend(sent);
    const [, again] = await seenOf(sent, 2);
    expect(again).toEqual(first);
  });

  it('tell of the subject that only the answer told', async () => {
    network.agency.answer = (_call, response) => response.end('{"owner":"TEST000009"}');
    const sent = await network.send(parcels);
    const { statement } = await network.answerTo(sent);
    const [seen, ...more] = await seenOf(sent, 1);
    expect(more).toEqual([]);
    expect(seen?.statementHash).toEqual(statement.leafHash);
    const { payload } = statement;
    const [commitment = ''] = payload.t === 'exchange.answered' ? (payload.subj ?? []) : [];
    expect(seen?.content.subjects).toMatchObject([{ country: 'TEST', type: 'PIN', code: 'TEST000009' }]);
    expect(opens('subject', commitment, seen?.content.subjects[0] ?? nobody)).toBe(true);
  });

  it('name the order that the call names, of its subject and of one that only the answer told', async () => {
    network.agency.answer = (_call, response) => response.end('{"owner":"TEST000009"}');
    const concealment = Buffer.alloc(32, 7);
    for (const mischief of [{ concealment }, { ...parcels, concealment }]) {
      const sent = await network.send(mischief);
      await network.answerTo(sent);
      const [seen] = await seenOf(sent, 1);
      expect(Buffer.from(seen?.content.concealment ?? [])).toEqual(concealment);
    }
  });

  it('do not come for a call that names no leaf as its order: it is refused', async () => {
    const sent = await network.send({ concealment: Buffer.alloc(31, 7) });
    const { payload } = (await network.answerTo(sent)).statement;
    expect(payload).toMatchObject({ t: 'exchange.refused', why: 'content-mismatch' });
    expect(feedback.of(sent.id)).toEqual([]);
  });

  it('tell it again where the journal alone still has it', async () => {
    network.agency.answer = (_call, response) => response.end('{"owner":"TEST000009"}');
    const method = 'POST';
    const target = `/r1/${SERVICE}/parcels`;
    const sent = await network.send({ method, target, subject: undefined, payload: { ep: 'POST /parcels' } });
    await network.answerTo(sent);
    const [first] = await seenOf(sent, 1);
    expect(first?.content.subjects).toMatchObject([{ code: 'TEST000009' }]);
    // One outcome is kept in memory: the next one takes its place.
    await network.settle();
    await network.resend(sent);
    const [, again] = await seenOf(sent, 2);
    expect(again).toEqual(first);
    expect(network.callsOf(sent)).toHaveLength(1);
  });

  it('do not come for a request whose commitments open to nobody', async () => {
    const sent = await network.send({ payload: { subj: [`c1:${Buffer.alloc(32).toString('base64url')}`] } });
    expect((await network.answerTo(sent)).statement.payload.t).toBe('exchange.refused');
    await seenOf(await network.send(), 1);
    expect(feedback.of(sent.id)).toEqual([]);
    expect(feedback.refused).toEqual([]);
  });
});
