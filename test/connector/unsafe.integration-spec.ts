import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Secret } from '#kernel';
import { openDatabase } from '#postgres';
import { eventually } from '#testing';
import { JournalStore } from '../../apps/connector/src/journal/journal.store.js';
import { ConnectorNetwork, SERVICE } from './connector-network.js';
import { craft, type Mischief } from './evil-gateway.js';

const body = Buffer.from('{"pin":"TEST000001"}');
const CLAIM: Mischief = {
  method: 'POST',
  target: `/r1/${SERVICE}/claims`,
  headers: [['Content-Type', 'application/json']],
  body,
  payload: { ep: 'POST /claims' },
};

let network: ConnectorNetwork;
beforeAll(async () => {
  network = await ConnectorNetwork.create();
  // Two connectors of one subsystem share the group and the journal.
  await Promise.all([network.start({ journalGraceMs: 300 }), network.start({ journalGraceMs: 300 })]);
}, 60_000);
afterAll(() => network.close());
afterEach(() => {
  network.log.behave = () => 'log';
  network.agency.answer = (_call, response) => response.end('{"claim":1}');
});

const answersTo = (id: string) => network.answers.filter(({ exchangeId }) => exchangeId === id);

describe('an unsafe call', () => {
  it('is made once, with the exchange id as idempotency key and its body untouched', async () => {
    const sent = await network.send(CLAIM);
    const seen = await network.answerTo(sent);
    expect(network.open(sent, seen).status).toBe(200);
    const [call] = network.callsOf(sent);
    expect(call?.headers['idempotency-key']).toBe(sent.id);
    expect(call?.body.equals(body)).toBe(true);
    // So that nobody stamps its outcome again.
    const database = await openDatabase({ url: network.databaseUrl, schema: 'connector', migrations: [], poolSize: 1 });
    const marks = 'SELECT receipted FROM journal WHERE exchange_id = $1';
    await eventually(async () => (await database.query(marks, [sent.id]))[0]?.['receipted'] === true);
    await database.close();
  });

  it('is made once when the record is delivered again at once and later, and the same bytes are sent', async () => {
    network.agency.answer = (_call, response) => setTimeout(() => response.end('{"claim":1}'), 300);
    const sent = await craft(network.world, CLAIM);
    await network.stamp(sent.requested);
    await Promise.all([network.resend(sent), network.resend(sent), network.resend(sent)]);
    const first = await network.answerTo(sent);
    await network.resend(sent);
    await eventually(() => answersTo(sent.id).length >= 2);
    expect(new Set(answersTo(sent.id).map(({ statement }) => statement.jws))).toEqual(new Set([first.statement.jws]));
    expect(network.callsOf(sent)).toHaveLength(1);
  });

  it('is not made before the receipt of its request, and fails for want of one', async () => {
    network.log.behave = ({ payload }) => (payload.t === 'exchange.requested' ? 'lose' : 'log');
    const sent = await network.send(CLAIM);
    await eventually(() => network.leavesOf(sent).some(({ payload }) => payload.why === 'no-receipt'));
    expect(network.leavesOf(sent)[0]?.payload).toMatchObject({ t: 'exchange.failed', side: 'bus' });
    expect(network.callsOf(sent)).toEqual([]);
    expect(answersTo(sent.id)).toEqual([]);
  });

  it('is not made when intake refuses the request or another leaf stands in its slot', async () => {
    const refused = await craft(network.world, CLAIM);
    // Each time: the connector stamps it again.
    network.log.behave = ({ payload }) => (payload.id === refused.id ? 'refuse' : 'log');
    await Promise.all([network.resend(refused), network.stamp(refused.requested)]);
    await eventually(() => network.log.stamps.includes(refused.requested.leafHash.toString('hex')));
    const told = await craft(network.world, CLAIM);
    await network.stamp(told.requested);
    await eventually(() => network.leavesOf(told).length === 1);
    const other = await network.send({ ...CLAIM, id: told.id });
    await network.settle();
    for (const sent of [refused, other]) {
      expect(network.callsOf(sent)).toEqual([]);
      expect(answersTo(sent.id)).toEqual([]);
    }
  });

  it('that was cut says that its outcome is unknown, also when it is delivered again', async () => {
    network.agency.answer = (_call, response) => response.socket?.destroy();
    const sent = await network.send(CLAIM);
    const seen = await network.answerTo(sent);
    expect(seen.statement.payload).toMatchObject({ t: 'exchange.failed', why: 'outcome-unknown' });
    await network.resend(sent);
    await eventually(() => answersTo(sent.id).length >= 2);
    expect(network.callsOf(sent)).toHaveLength(1);
  });
});

describe('an unsafe call of a connector that died', () => {
  it('is made by nobody else: after its deadline its outcome is unknown', async () => {
    const sent = await craft(network.world, CLAIM);
    const database = await openDatabase({
      url: network.databaseUrl,
      schema: 'connector',
      migrations: [],
      poolSize: 1,
    });
    const { exchangeId, leafHash } = { exchangeId: sent.id, leafHash: sent.requested.leafHash };
    const request = Buffer.from(sent.value);
    // What a connector leaves that was killed between its call and the end of its row.
    await new JournalStore(database, 10).begin({ exchangeId, leafHash, owner: 'dead', callMs: 1_500, request });
    await database.close();
    await network.stamp(sent.requested);
    await network.resend(sent);
    const seen = await network.answerTo(sent);
    expect(seen.statement.payload).toMatchObject({ t: 'exchange.failed', why: 'outcome-unknown', side: 'provider' });
    expect(network.callsOf(sent)).toEqual([]);
  });

  it('does not lend its exchange id to another statement', async () => {
    const first = await network.send(CLAIM);
    await network.answerTo(first);
    const other = await network.send({ ...CLAIM, id: first.id });
    await eventually(() => network.dead.some(({ reason }) => reason === 'exchange-id-reused'));
    expect(network.callsOf(other)).toHaveLength(1);
  });
});

describe('without what it needs', () => {
  it('a connector without its journal calls safely only', async () => {
    const alone = await ConnectorNetwork.create();
    try {
      await alone.start();
      const database = await openDatabase({ url: alone.databaseUrl, schema: 'spec', migrations: [], poolSize: 1 });
      await database.query('DROP TABLE connector.journal');
      await database.close();
      const unsafe = await alone.send(CLAIM);
      const failed = await alone.answerTo(unsafe);
      // Nobody can say whether an earlier delivery called.
      expect(failed.statement.payload).toMatchObject({ t: 'exchange.failed', why: 'outcome-unknown' });
      expect(alone.callsOf(unsafe)).toEqual([]);
      expect((await alone.answerTo(await alone.send())).statement.payload.t).toBe('exchange.answered');
    } finally {
      await alone.close();
    }
  }, 60_000);

  it('a connector without its journal has places left for safe calls, however many unsafe ones come', async () => {
    const alone = await ConnectorNetwork.create();
    try {
      const app = await alone.start({ maxInFlight: 20 });
      const database = await openDatabase({ url: alone.databaseUrl, schema: 'spec', migrations: [], poolSize: 1 });
      await database.query('DROP TABLE connector.journal');
      await database.close();
      const unsafe = await Promise.all(Array.from({ length: 30 }, () => alone.send(CLAIM)));
      const safe = await alone.answerTo(await alone.send());
      expect(safe.statement.payload.t).toBe('exchange.answered');
      expect(unsafe.flatMap((sent) => alone.callsOf(sent))).toEqual([]);
      expect(await (await fetch(`${app.url}/metrics`)).text()).toMatch(/dropped_total\{[^}]*journal-busy[^}]*\} [1-9]/);
    } finally {
      await alone.close();
    }
  }, 60_000);

  it('a connector that starts before its database calls safely only, and unsafely once it is there', async () => {
    const early = await ConnectorNetwork.create();
    const there = new URL(early.databaseUrl);
    const door = createServer((socket) => {
      const behind = connect(Number(there.port), there.hostname);
      for (const each of [socket, behind]) each.on('error', () => undefined);
      socket.pipe(behind).pipe(socket);
    });
    try {
      await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
      const { port } = door.address() as AddressInfo;
      await new Promise((resolve) => door.close(resolve));
      const databaseUrl = Object.assign(new URL(there), { hostname: '127.0.0.1', port: String(port) }).href;
      const app = await early.startUnready({ databaseUrl: new Secret(databaseUrl) });
      expect((await early.answerTo(await early.send())).statement.payload.t).toBe('exchange.answered');
      expect(await (await fetch(`${app.url}/ready`)).text()).toContain('the database does not answer');
      door.listen(port, '127.0.0.1');
      await eventually(async () => (await fetch(`${app.url}/ready`)).ok, { timeoutMs: 20_000 });
      const sent = await early.send(CLAIM);
      expect(early.open(sent, await early.answerTo(sent)).status).toBe(200);
    } finally {
      await early.close();
      door.close();
    }
  }, 60_000);

  it('a connector whose subsystem has a published key that it does not hold serves nobody', async () => {
    const robbed = await ConnectorNetwork.create();
    try {
      const app = await robbed.start();
      await robbed.settle();
      await robbed.publishForeignKey();
      await eventually(async () => (await fetch(`${app.url}/ready`)).status === 503);
      expect(await (await fetch(`${app.url}/ready`)).text()).toContain('not held here');
      const sent = await robbed.send();
      await eventually(async () =>
        /dropped_total\{[^}]*subsystem-stopped[^}]*\} [1-9]/.test(await (await fetch(`${app.url}/metrics`)).text()),
      );
      expect(robbed.callsOf(sent)).toEqual([]);
    } finally {
      await robbed.close();
    }
  }, 60_000);
});
