import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fakeClock, eventually } from '#testing';
import { ConnectorNetwork, PROVIDER, SERVICE } from './connector-network.js';
import { craft, replyTopicOf, type Mischief } from './evil-gateway.js';

let network: ConnectorNetwork;
beforeAll(async () => {
  network = await ConnectorNetwork.create();
  await network.start();
}, 60_000);
afterAll(() => network.close());

const LATE = 'TEST/GOV/1002/late';
const OTHER = { country: 'TEST', type: 'PIN', code: 'TEST000002' };

describe('a connector refuses and states it', () => {
  const cases: readonly [what: string, why: string, mischief: Mischief][] = [
    ['content that is not what was signed', 'content-mismatch', { sealedBody: Buffer.from('x') }],
    ['a commitment to A with a request about B', 'commitment-mismatch', { subject: OTHER }],
    ['no commitment to the subject', 'commitment-mismatch', { subject: undefined }],
    ['an endpoint other than the target’s', 'endpoint-mismatch', { target: `/r1/${SERVICE}/parcels/1` }],
    ['a service other than the target’s', 'endpoint-mismatch', { target: `/r1/${PROVIDER}/other/TEST000001` }],
    ['another method than the endpoint’s', 'endpoint-mismatch', { method: 'DELETE' }],
    ['an endpoint that is not registered', 'endpoint-unknown', { payload: { ep: 'GET /{pin}/all' } }],
    ['a purpose outside the agreement', 'purpose-not-agreed', { payload: { pur: 'other' } }],
    ['an unknown purpose', 'purpose-unknown', { payload: { pur: 'curiosity' } }],
    ['a legal basis that is not the purpose’s', 'legal-basis-unknown', { payload: { law: 'LB-2' } }],
    ['a header that would become two', 'content-mismatch', { headers: [['X-Other', 'a\nb']] }],
    ['a client that is not the signer', 'content-mismatch', { client: LATE }],
    [
      'bad JSON where JSON is declared',
      'body-malformed',
      { headers: [['Content-Type', 'application/json']], body: Buffer.from('{') },
    ],
    ['a path with encoded dots', 'endpoint-mismatch', { target: `/r1/${SERVICE}/%2e%2e` }],
    ['a path with an encoded slash', 'endpoint-mismatch', { target: `/r1/${SERVICE}/a%2fb` }],
    ['a doubly encoded path', 'endpoint-mismatch', { target: `/r1/${SERVICE}/%252e` }],
    ['a path with a doubled slash', 'endpoint-mismatch', { target: `/r1/${SERVICE}//TEST000001` }],
    ['a path with NUL', 'endpoint-mismatch', { target: `/r1/${SERVICE}/a%00` }],
    ['a path in overlong UTF-8', 'endpoint-mismatch', { target: `/r1/${SERVICE}/%c0%ae` }],
    ['a target in absolute form', 'endpoint-mismatch', { target: `http://x/r1/${SERVICE}/TEST000001` }],
    ['a path with parameters', 'subject-malformed', { target: `/r1/${SERVICE}/TEST000001;x` }],
  ];
  it.each(cases)('%s', async (_what, why, mischief) => {
    const sent = await network.send(mischief);
    const { statement, content } = await network.answerTo(sent);
    expect(statement.payload).toMatchObject({ t: 'exchange.refused', why, snap: 1 });
    expect(content).toBeUndefined();
    expect(network.callsOf(sent)).toEqual([]);
    await eventually(() => network.leavesOf(sent).some(({ payload }) => payload.t === 'exchange.refused'));
  });

  it('an agreement that has ended', async () => {
    const replyTopic = replyTopicOf(network.world, 'gw2');
    const sent = await network.send({ payload: { from: LATE }, replyTopic });
    const { statement } = await network.answerTo(sent);
    expect(statement.payload).toMatchObject({ t: 'exchange.refused', why: 'agreement-ended', from: LATE });
  });
});

describe('a connector sends to the dead letters, unstated and uncalled', () => {
  const cases: readonly [what: string, reason: string, mischief: () => Promise<Mischief> | Mischief][] = [
    [
      'a deadline other than the sealed one',
      'content-unreadable',
      () => ({ envelope: { deadlineMs: Date.now() + 9_999 } }),
    ],
    [
      'a reply topic of a gateway that does not serve the consumer',
      'reply-topic-foreign',
      () => ({ replyTopic: replyTopicOf(network.world, 'gw2') }),
    ],
    ['a reply topic of nobody', 'reply-topic-foreign', () => ({ replyTopic: 'registry.snapshot' })],
    ['a signer that is not the consumer', 'signer-unknown', () => ({ key: network.world.keysOf(LATE).sign })],
    ['an altered statement', 'signature-wrong', () => ({})],
    ['a snapshot number other than the signed one', 'envelope-mismatch', () => ({ snapshot: 2 })],
    ['a statement for another provider', 'envelope-mismatch', () => ({ payload: { to: LATE, svc: `${LATE}/x` } })],
    ['a statement that is none', 'statement-invalid', () => ({ envelope: { statement: 'a.b.c' } })],
    [
      'a statement of another exchange',
      'envelope-mismatch',
      async () => ({ envelope: { statement: (await craft(network.world)).requested.jws } }),
    ],
  ];
  it.each(cases)('%s', async (_what, reason, mischief) => {
    const before = network.dead.length;
    const chosen = await mischief();
    let sent = await craft(network.world, chosen);
    if (reason === 'signature-wrong') {
      const { jws } = sent.requested;
      const at = jws.length - 20;
      const altered = `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`;
      sent = await craft(network.world, { ...chosen, id: sent.id, envelope: { statement: altered } });
    }
    await network.resend(sent);
    await eventually(() => network.dead.length > before);
    expect(network.dead.slice(before).map((letter) => letter.reason)).toEqual([reason]);
    expect(network.dead[before]?.value.equals(sent.value)).toBe(true);
    await network.settle();
    expect(network.callsOf(sent)).toEqual([]);
    expect(network.answers.some((answer) => answer.exchangeId === sent.id)).toBe(false);
  });

  it('bytes that are no request', async () => {
    const before = network.dead.length;
    await network.resend({ ...(await craft(network.world)), value: Buffer.from('not protobuf') });
    await eventually(() => network.dead.slice(before).some(({ reason }) => reason === 'request-malformed'));
  });

  it('and still serves the genuine request whose statement a forgery borrowed', async () => {
    const genuine = await craft(network.world);
    const forged = await craft(network.world, { id: genuine.id, envelope: { statement: genuine.requested.jws } });
    await Promise.all([network.resend(forged), network.resend(genuine), network.stamp(genuine.requested)]);
    const answer = await network.answerTo(genuine);
    expect(answer.statement.payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  });
});

describe('a connector lets go without a word', () => {
  it('a request past its deadline, and one whose time is more than five minutes off', async () => {
    const late = await network.send({ ts: Date.now() - 60_000, deadlineMs: Date.now() - 50_000 });
    const stretched = await network.send({ ts: Date.now() - 60_000, deadlineMs: Date.now() + 60_000 });
    const future = await network.send({ ts: Date.now() + 6 * 60_000 });
    await network.settle();
    for (const sent of [late, stretched, future]) {
      expect(network.callsOf(sent)).toEqual([]);
      expect(network.answers.some((answer) => answer.exchangeId === sent.id)).toBe(false);
    }
  });
});

describe('a replay', () => {
  it('after an hour calls nobody, nor does what waited so long; only what was old to the broker is an alarm', async () => {
    const replayed = await ConnectorNetwork.create();
    try {
      const clock = fakeClock(Date.now());
      const first = await replayed.start({}, clock);
      const sent = await replayed.send();
      await replayed.answerTo(sent);
      clock.advance(60 * 60_000);
      // Another process, whose memory holds nothing of it.
      await first.close();
      const waited = await replayed.send();
      const second = await replayed.start({}, clock);
      await replayed.resend(sent);
      const old = await replayed.send({ ts: Date.now() - 60 * 60_000, deadlineMs: clock.now() + 5_000 });
      const proof = await replayed.send({ ts: clock.now(), deadlineMs: clock.now() + 5_000 });
      await replayed.answerTo(proof);
      const counts = ['dropped_total expired 2', 'dropped_total clock-apart 1', 'alarms_total clock-apart 1'];
      // Three partitions: the proof may have overtaken them.
      await eventually(async () => {
        const text = await (await fetch(`${second.url}/metrics`)).text();
        return counts.every((count) => {
          const [name, reason, times] = count.split(' ');
          return new RegExp(`${name}\\{[^}]*"${reason}"[^}]*\\} ${times}\\n`).test(text);
        });
      });
      expect([sent, waited, old].map((request) => replayed.callsOf(request).length)).toEqual([1, 0, 0]);
    } finally {
      await replayed.close();
    }
  }, 60_000);
});
