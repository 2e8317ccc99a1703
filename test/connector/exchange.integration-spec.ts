import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { commit, answerDigest } from '#signing';
import { eventually } from '#testing';
import { ConnectorNetwork, CONSUMER, SERVICE } from './connector-network.js';
import { craft } from './evil-gateway.js';

let network: ConnectorNetwork;
beforeAll(async () => {
  network = await ConnectorNetwork.create();
  await network.start({ breakerVolume: 3, breakerResetMs: 400, maxInlineBodyBytes: 4096 });
}, 60_000);
afterAll(() => network.close());
afterEach(() => {
  network.log.behave = () => 'log';
  network.agency.answer = (_call, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
  };
});

describe('an answered exchange', () => {
  it('reaches the agency as it was signed and comes back as the agency wrote it', async () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x00, 0x0a]);
    network.agency.answer = (_call, response) => {
      response.writeHead(418, [
        ...['Content-Type', 'application/octet-stream', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Own', 'v'],
        ...['X-Road-Service', 'lie', 'x-road-id', 'lie', 'Server', 'secret', 'Keep-Alive', 'timeout=1'],
      ]);
      response.end(body);
    };
    const sent = await network.send({
      target: `/r1/${SERVICE}/TEST000001?a=%20b&c`,
      headers: [
        ['Accept', 'application/json'],
        ['Host', 'elsewhere'],
        ['Idempotency-Key', 'mine'],
        ['Kerege-Purpose', 'citizen-view'],
      ],
    });
    const seen = await network.answerTo(sent);
    const opened = network.open(sent, seen);
    expect(opened.status).toBe(418);
    expect(opened.body.equals(body)).toBe(true);
    const names = opened.headers.map(([name]) => name);
    expect(names.filter((name) => name !== 'Date')).toEqual(['Content-Type', 'Set-Cookie', 'Set-Cookie', 'X-Own']);
    const head = { ...opened, headers: opened.headers.map(([name, value]) => ({ name, value })) };
    expect(seen.statement.payload).toMatchObject({
      t: 'exchange.answered',
      st: 418,
      res: answerDigest(sent.salt, head),
      snap: 1,
    });
    const [call, ...more] = network.callsOf(sent);
    expect(more).toEqual([]);
    expect(call).toMatchObject({ method: 'GET', target: '/base/TEST000001?a=%20b&c' });
    expect(call?.headers).toMatchObject({
      'x-road-client': CONSUMER,
      'x-road-request-id': sent.id,
      accept: 'application/json',
      'kerege-purpose': 'citizen-view',
    });
    expect(call?.headers).not.toHaveProperty('idempotency-key');
    expect(call?.headers).not.toHaveProperty('x-road-service');
    expect(call?.headers['host']).not.toBe('elsewhere');
  });

  it('is answered once for a record that is delivered three times', async () => {
    network.agency.answer = (_call, response) => setTimeout(() => response.end('late'), 300);
    const sent = await network.send();
    await network.resend(sent);
    const first = await network.answerTo(sent);
    await network.resend(sent);
    await eventually(() => network.answers.filter(({ exchangeId }) => exchangeId === sent.id).length >= 2);
    expect(network.callsOf(sent)).toHaveLength(1);
    for (const seen of network.answers.filter(({ exchangeId }) => exchangeId === sent.id))
      expect(seen.statement.jws).toBe(first.statement.jws);
  });

  it('commits to the subject that only the answer tells, and fails where the answer does not', async () => {
    const parcels = { target: `/r1/${SERVICE}/parcels/7`, subject: undefined, payload: { ep: 'GET /parcels/{id}' } };
    network.agency.answer = (_call, response) => response.end('{"owner":"TEST000009"}');
    const told = await network.answerTo(await network.send(parcels));
    expect(told.statement.payload.subj).toHaveLength(1);
    const fresh = commit('subject', { country: 'TEST', type: 'PIN', code: 'TEST000009' });
    expect(told.statement.payload.subj).not.toContain(fresh.commitment);
    network.agency.answer = (_call, response) => response.end('{}');
    const untold = await network.answerTo(await network.send(parcels));
    expect(untold.statement.payload).toMatchObject({ t: 'exchange.failed', why: 'answer-subject-missing' });
    network.agency.answer = (_call, response) => response.writeHead(404).end();
    const absent = await network.answerTo(await network.send(parcels));
    expect(absent.statement.payload).toMatchObject({ t: 'exchange.answered', st: 404 });
    expect(absent.statement.payload.subj).toBeUndefined();
  });
});

describe('no answer leaves without the receipt of its request', () => {
  const answersTo = (id: string) => network.answers.filter(({ exchangeId }) => exchangeId === id);

  it('the connector stamps the request itself when the gateway’s stamp was lost', async () => {
    const sent = await network.send({}, { stamped: false });
    const seen = await network.answerTo(sent);
    expect(seen.statement.payload.t).toBe('exchange.answered');
    expect(network.leavesOf(sent).map(({ payload }) => payload.t)).toContain('exchange.requested');
  });

  it('a receipt that came before its request counts', async () => {
    const sent = await craft(network.world);
    await network.stamp(sent.requested);
    await eventually(() => network.leavesOf(sent).length === 1);
    await network.settle();
    await network.resend(sent);
    await network.answerTo(sent);
  });

  it.each(['lose', 'refuse'] as const)('nothing leaves when the log does %s the request', async (does) => {
    network.log.behave = ({ payload }) => (payload.t === 'exchange.requested' ? does : 'log');
    const sent = await network.send();
    await eventually(() => network.callsOf(sent).length === 1);
    await eventually(() => network.leavesOf(sent).some(({ payload }) => payload.t === 'exchange.answered'));
    const stamps = network.log.stamps.filter((leaf) => leaf === sent.requested.leafHash.toString('hex'));
    if (does === 'lose') await eventually(() => network.log.stamps.filter((leaf) => leaf === stamps[0]).length >= 3);
    network.log.behave = () => 'log';
    await network.settle();
    expect(answersTo(sent.id)).toEqual([]);
  });

  it('nothing leaves when another leaf stands in the request’s slot', async () => {
    const told = await craft(network.world);
    await network.stamp(told.requested);
    await eventually(() => network.leavesOf(told).length === 1);
    const other = await network.send({ id: told.id });
    await eventually(() => network.callsOf(other).length === 1);
    await network.settle();
    expect(answersTo(other.id)).toEqual([]);
  });

  it('the answer’s stamp is sent again until its receipt comes', async () => {
    let lost = 0;
    network.log.behave = ({ payload }) => {
      if (payload.t !== 'exchange.answered' || lost >= 2) return 'log';
      lost += 1;
      return 'lose';
    };
    const sent = await network.send();
    await eventually(() => network.leavesOf(sent).some(({ payload }) => payload.t === 'exchange.answered'));
    expect(lost).toBe(2);
  });
});

describe('an agency that gives no proper answer', () => {
  const failure = async (why: string, side: string) => {
    const sent = await network.send();
    const seen = await network.answerTo(sent);
    expect(seen.statement.payload).toMatchObject({ t: 'exchange.failed', why, side });
    expect(seen.content).toBeUndefined();
    return sent;
  };

  it('hands a redirect on and follows it nowhere', async () => {
    network.agency.answer = (_call, response) => response.writeHead(302, { Location: '/TEST000002' }).end();
    const sent = await network.send();
    const seen = await network.answerTo(sent);
    expect(network.open(sent, seen).status).toBe(302);
    expect(network.callsOf(sent)).toHaveLength(1);
  });

  it('answers too much, with and without saying so', async () => {
    network.agency.answer = (_call, response) => response.end(Buffer.alloc(4097));
    await failure('answer-too-large', 'provider-system');
    network.agency.answer = (_call, response) => {
      response.write(Buffer.alloc(4000));
      response.end(Buffer.alloc(4000));
    };
    await failure('answer-too-large', 'provider-system');
    network.agency.answer = (_call, response) => response.end(Buffer.alloc(4096));
    expect((await network.answerTo(await network.send())).statement.payload.t).toBe('exchange.answered');
  });

  it('answers what is no HTTP', async () => {
    network.agency.answer = (_call, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n\r\n');
    await failure('agency-invalid-answer', 'provider-system');
  });

  it('hangs: failed at the service’s own time-out, not the consumer’s wish', async () => {
    network.agency.answer = () => undefined;
    const before = Date.now();
    const sent = await network.send({ deadlineMs: Date.now() + 60_000 });
    const seen = await network.answerTo(sent);
    expect(seen.statement.payload).toMatchObject({ t: 'exchange.failed', why: 'agency-timeout' });
    expect(Date.now() - before).toBeLessThan(6_000);
  });

  it('cuts connections: the breaker opens, spares it, and closes when it answers again', async () => {
    network.agency.answer = (_call, response) => response.socket?.destroy();
    await eventually(
      async () => {
        const seen = await network.answerTo(await network.send());
        return seen.statement.payload.why === 'breaker-open';
      },
      { timeoutMs: 20_000 },
    );
    network.agency.answer = (_call, response) => response.end('{}');
    await eventually(
      async () => (await network.answerTo(await network.send())).statement.payload.t === 'exchange.answered',
      { timeoutMs: 20_000 },
    );
  }, 60_000);
});
