import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signLinkTicket, type LinkTicket } from '#end-user';
import { jwkSigner } from '#signing';
import { FEEDBACK, withFeedback } from '#testing';
import { ConnectorNetwork, CONSUMER, SERVICE } from './connector-network.js';

let network: ConnectorNetwork;
beforeAll(async () => {
  network = await ConnectorNetwork.create((text) =>
    withFeedback(text).replace('endpoints: ["GET /{pin}"', 'requiresLink: ["GET /{pin}"], endpoints: ["GET /{pin}"'),
  );
  await network.start();
}, 60_000);
afterAll(() => network.close());

const ticket = (changes: Partial<LinkTicket> = {}, signer: string = FEEDBACK) =>
  signLinkTicket(
    {
      instance: FEEDBACK,
      consumer: CONSUMER,
      subject: 'TEST/PIN/TEST000001',
      service: SERVICE,
      purpose: 'citizen-view',
      atMs: Date.now(),
      ...changes,
    },
    jwkSigner(network.world.keysOf(signer).sign),
  );

async function answerWith(linkTicket: string) {
  const sent = await network.send({ linkTicket });
  return { payload: (await network.answerTo(sent)).statement.payload, calls: network.callsOf(sent).length };
}

describe('a connector whose agreement asks for the leave of the person', () => {
  it('calls its agency with a ticket of feedback', async () => {
    expect(await answerWith(await ticket())).toMatchObject({ payload: { t: 'exchange.answered' }, calls: 1 });
  });

  it.each<[string, string, () => Promise<string>]>([
    ['none', 'link-missing', () => Promise.resolve('')],
    ['one of another person', 'link-missing', () => ticket({ subject: 'TEST/PIN/TEST000002' })],
    ['one that the consumer made', 'link-missing', () => ticket({}, CONSUMER)],
    ['one from before a revocation', 'link-stale', () => ticket({ atMs: Date.now() - 5_000 })],
  ])('does not with %s', async (_, why, made) => {
    expect(await answerWith(await made())).toMatchObject({ payload: { t: 'exchange.refused', why }, calls: 0 });
  });

  it('does not with a ticket that was fresh for the gateway’s clock and is stale when it arrives', async () => {
    const at = Date.now();
    // Three seconds old by the statement's own time, four and a half by ours.
    const sent = await network.send({ linkTicket: await ticket({ atMs: at - 4_500 }), ts: at - 1_500 });
    const { payload } = (await network.answerTo(sent)).statement;
    expect(payload).toMatchObject({ t: 'exchange.refused', why: 'link-stale' });
    expect(network.callsOf(sent)).toEqual([]);
  });
});
