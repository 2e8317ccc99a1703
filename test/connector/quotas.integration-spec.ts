import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { connectorMigrations } from '../../apps/connector/src/migrations/index.js';
import { QuotaStore } from '../../apps/connector/src/quotas/quota.store.js';
import { ConnectorNetwork } from './connector-network.js';
import { SERVICE, type Crafted, type Mischief } from './evil-gateway.js';

/** The agreement of the sample, split by endpoint, so that each has a counter of its own. */
function quotas(text: string): string {
  const one = (endpoint: string, quota: string) =>
    `{ consumer: GOV/1000/mygov, service: persons, endpoints: ["${endpoint}"], purposes: [citizen-view], quota: ${quota}, until: 2099-12-31 }`;
  const split = [one('GET /{pin}', '{ day: 4 }'), one('POST /claims', '{ month: 2 }')];
  return text
    .replace(/\{ consumer: GOV\/1000\/mygov, .*\}/, split.join('\n          - '))
    .replace('timeoutMs: 2000', 'timeoutMs: 20000');
}

const claims: Mischief = {
  ...{ method: 'POST', target: `/r1/${SERVICE}/claims`, body: Buffer.from('{"pin":"TEST000001"}') },
  headers: [['Content-Type', 'application/json']],
  payload: { ep: 'POST /claims' },
};

const parcels: Mischief = {
  ...{ target: `/r1/${SERVICE}/parcels/7`, subject: undefined },
  payload: { ep: 'GET /parcels/{id}' },
};

/** Of the real clock, moved. */
let aheadMs = 0;
const clock = { now: () => Date.now() + aheadMs };

let network: ConnectorNetwork;
let database: Database;
beforeAll(async () => {
  network = await ConnectorNetwork.create(quotas);
  // Two of them share the partitions of the request topic, and the database.
  await Promise.all([network.start({}, clock), network.start({}, clock)]);
  // Until each partition has its connector: what nobody agreed to is refused, and costs nothing.
  for (let round = 0; round < 5; round += 1) {
    const sent = await Promise.all(Array.from({ length: 6 }, () => network.send(parcels)));
    const met = await Promise.allSettled(sent.map((one) => network.answerTo(one, 5_000)));
    if (met.every(({ status }) => status === 'fulfilled')) break;
  }
  database = await openDatabase({
    url: network.databaseUrl,
    schema: 'connector',
    migrations: connectorMigrations,
    poolSize: 2,
  });
}, 120_000);
afterAll(async () => {
  await network.close();
  await database.close();
});

async function outcomes(sent: readonly Crafted[]): Promise<(string | undefined)[]> {
  const answers = await Promise.all(sent.map((one) => network.answerTo(one, 20_000)));
  return answers.map(({ statement: { payload } }) => payload.why ?? payload.t).sort();
}

const counters = () =>
  database.query<{ period: string; taken: string }>('SELECT period, taken::text FROM quota ORDER BY period');

describe('quotas of agreements, counted by two connectors', () => {
  it('let exactly as many calls through as were agreed, and state the others as refused', async () => {
    const sent = await Promise.all(Array.from({ length: 9 }, () => network.send()));
    const told = await outcomes(sent);
    expect(told.filter((one) => one === 'exchange.answered')).toHaveLength(4);
    expect(told.filter((one) => one === 'quota-day-spent')).toHaveLength(5);
    expect(sent.flatMap((one) => network.callsOf(one))).toHaveLength(4);
    expect((await counters()).map(({ taken }) => taken)).toEqual(['4']);
  });

  it('count an unsafe call like any other, and a redelivery never again', async () => {
    const first = await network.send(claims);
    await network.answerTo(first);
    await network.resend(first);
    const second = await network.send(claims);
    expect(await outcomes([first, second])).toEqual(['exchange.answered', 'exchange.answered']);
    const third = await network.send(claims);
    expect(await outcomes([third])).toEqual(['quota-month-spent']);
    await network.resend(third);
    expect(await outcomes([await network.send(claims)])).toEqual(['quota-month-spent']);
    expect(network.callsOf(first)).toHaveLength(1);
    expect(network.leavesOf(third).map(({ payload }) => payload.t)).toEqual(['exchange.requested', 'exchange.refused']);
  });

  it('begin anew with the day', async () => {
    aheadMs =
      Date.parse(`${new Date(Date.now() + 24 * 60 * 60_000).toISOString().slice(0, 10)}T00:00:00Z`) - Date.now();
    await network.renew(aheadMs);
    // The statement's time goes with the connectors' clocks; the broker's does not matter to them here.
    const sent = await network.send({ ts: Date.now() + aheadMs, deadlineMs: Date.now() + aheadMs + 20_000 });
    expect(await outcomes([sent])).toEqual(['exchange.answered']);
    aheadMs = 0;
  });
});

describe('QuotaStore', () => {
  const period = { kind: 'day', name: '2030-01-01', limit: 50, endsAtMs: Date.parse('2030-01-02') } as const;
  const count = { agreement: 'x', period };

  it('takes lots that shrink, up to the quota and not one more, whoever asks', async () => {
    const store = new QuotaStore(database);
    const lots: number[] = [];
    const asker = async () => {
      for (let lot = await store.take(count, 100); lot > 0; lot = await store.take(count, 100)) lots.push(lot);
    };
    await Promise.all([asker(), asker(), asker()]);
    expect(lots.reduce((sum, lot) => sum + lot, 0)).toBe(50);
    expect([Math.max(...lots), lots.at(-1)]).toEqual([2, 1]);
    await store.giveBack(count, 3);
    expect([await store.take(count, 100), await store.take(count, 100)]).toEqual([1, 1]);
  });

  it('takes large lots of large quotas, and forgets what has ended long ago', async () => {
    const store = new QuotaStore(database);
    const large = { agreement: 'y', period: { ...period, limit: 1_000_000_000, endsAtMs: Date.parse('2020-01-02') } };
    expect(await store.take(large, 100)).toBe(100);
    await store.sweep(1_000);
    expect(await database.query(`SELECT 1 FROM quota WHERE agreement = 'y'`)).toEqual([]);
  });
});
