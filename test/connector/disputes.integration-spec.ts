import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CASE_KINDS, deliveryRecord, sealDelivery, type DisputeContent } from '#deliveries';
import { newExchangeId, type SubsystemId } from '#kernel';
import type { RunningApp } from '#platform';
import { answerDigest, publicJwk, startSession } from '#signing';
import { eventually, withFeedback } from '#testing';
import { ConnectorNetwork, PROVIDER, SERVICE } from './connector-network.js';
import type { Crafted } from './evil-gateway.js';

const to = PROVIDER as SubsystemId;

/** An address, an income in a list, and whom a parcel is of. */
function withElements(text: string): string {
  const element = (id: string) => `{ id: ${id}, owner: GOV/1001/population, title: { en: X } }`;
  const place = (endpoint: string, pointer: string, id: string) =>
    `{ service: GOV/1001/population/persons, endpoint: "${endpoint}", pointer: "${pointer}", element: ${id} }`;
  const places = [
    place('GET /{pin}', '/address', 'address'),
    place('GET /{pin}', '/jobs/*/income', 'income'),
    place('GET /parcels/{id}', '/area', 'area'),
  ];
  const elements = ['address', 'income', 'area'].map(element);
  return `${withFeedback(text)}elements: [${elements.join(', ')}]\nelementPlaces: [${places.join(', ')}]\n`;
}

let network: ConnectorNetwork;
let app: RunningApp;
let atMs = Date.parse('2026-11-27T12:00:00Z');
beforeAll(async () => {
  network = await ConnectorNetwork.create(withElements);
}, 60_000);
afterAll(() => network.close());
beforeEach(async () => {
  app = await network.start();
});
afterEach(() => app.close());

/** A record as feedback makes it; each newer than all before. */
async function flagged(element: string, changes: Partial<DisputeContent> = {}): Promise<Buffer> {
  const head = { id: newExchangeId(), kind: CASE_KINDS.dispute, to };
  const { seal } = network.world.keysOf(PROVIDER);
  const session = await startSession({ recipient: to, kid: seal.kid, publicJwk: publicJwk(seal) });
  atMs += 1_000;
  const content: DisputeContent = {
    ...{ flag: `flag-${element}`, subject: 'TEST/PIN/TEST000001', element, isOn: true },
    ...{ since: '2026-11-27T12:00:00.000Z', at: new Date(atMs).toISOString(), option: 'FLAG', exemptPurposes: [] },
    ...changes,
  };
  const value = sealDelivery(head, content, session);
  return Buffer.from(deliveryRecord({ ...head, recipient: to, value, madeMs: atMs, attempt: 1 }));
}

async function send(...values: readonly Buffer[]): Promise<void> {
  const { topic = '' } = network.world.view.correctionsOf(to) ?? {};
  await network.bus.publish(values.map((value) => ({ topic, partition: 0, key: 'x', value })));
}

async function metric(of: RunningApp, line: string): Promise<number> {
  const text = await (await fetch(`${of.url}/metrics`)).text();
  const found = text.split('\n').find((one) => one.startsWith(line));
  return Number(found?.split(' ').at(-1) ?? 'NaN');
}
const heldBy = (of: RunningApp) => metric(of, 'kerege_connector_disputes_number{state="held"');

/** Held by the connector that answers now. */
const held = (number: number) => eventually(async () => (await heldBy(app)) === number, { timeoutMs: 15_000 });

function answering(body: unknown, headers: Record<string, string> = {}): void {
  network.agency.answer = (_call, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

async function asked(mischief: Parameters<ConnectorNetwork['send']>[0] = {}) {
  const sent: Crafted = await network.send(mischief);
  const { statement, ...seen } = await network.answerTo(sent);
  if (seen.content === undefined) return { payload: statement.payload, marks: [] };
  const opened = network.open(sent, { statement, ...seen });
  const marks = opened.headers.filter(([name]) => name.toLowerCase() === 'kerege-disputed').map(([, value]) => value);
  const head = { ...opened, headers: opened.headers.map(([name, value]) => ({ name, value })) };
  expect(statement.payload).toMatchObject({ res: answerDigest(sent.salt, head) });
  return { payload: statement.payload, marks };
}

const person = { address: 'somewhere', jobs: [{ income: 1 }] };

it('an answer that holds a disputed datum carries its flag, stated and covered by its digest, until it is off', async () => {
  answering(person, { 'Kerege-Disputed': 'address;since=1999-01-01' });
  const free = await asked();
  expect([free.marks, free.payload.n]).toEqual([[], undefined]);
  network.agency.calls.length = 0;
  await send(await flagged('address'), await flagged('income'), await flagged('address', { flag: 'second' }));
  await held(3);
  const { marks, payload } = await asked();
  expect(marks).toEqual(['address;since=2026-11-27', 'income;since=2026-11-27']);
  expect(payload).toMatchObject({ t: 'exchange.answered', n: 2 });
  answering({ name: 'x', jobs: [] });
  expect((await asked()).marks).toEqual([]);
  answering(person);
  const another = { country: 'TEST', type: 'PIN', code: 'TEST000002' };
  expect((await asked({ target: `/r1/${SERVICE}/TEST000002`, subject: another })).marks).toEqual([]);
  expect(await metric(app, 'kerege_connector_disputed_answers_total{what="flagged"')).toBe(1);
  await send(
    await flagged('address', { isOn: false }),
    await flagged('income', { isOn: false }),
    await flagged('address', { flag: 'second', isOn: false }),
  );
  await held(0);
  const after = await asked();
  expect([after.marks, after.payload.n]).toEqual([[], undefined]);
  // None of it was for the agency's systems.
  expect(network.agency.calls.every(({ target }) => target.startsWith('/base/'))).toBe(true);
  expect(await metric(app, 'kerege_connector_notices_number{state="waiting"')).toBe(0);
});

it('the newest word on a flag holds, in whatever order and however often it comes', async () => {
  const on = await flagged('address', { flag: 'ordered' });
  const off = await flagged('address', { flag: 'ordered', isOn: false });
  await send(off, on, off, on, await flagged('income', { flag: 'behind' }));
  await held(1);
  answering(person);
  expect((await asked()).marks).toEqual(['income;since=2026-11-27']);
  await send(await flagged('income', { flag: 'behind', isOn: false }));
  await held(0);
});

it('flags about whom only the answer tells', async () => {
  await send(await flagged('area'));
  await held(1);
  answering({ owner: 'TEST000001', area: 7 });
  const parcel = { target: `/r1/${SERVICE}/parcels/7`, subject: undefined, payload: { ep: 'GET /parcels/{id}' } };
  expect(await asked(parcel)).toMatchObject({ marks: ['area;since=2026-11-27'], payload: { n: 1 } });
  await send(await flagged('area', { isOn: false }));
  await held(0);
});

it('a blocked datum goes out for exempt purposes alone', async () => {
  answering(person);
  await send(await flagged('address', { option: 'BLOCK' }));
  await held(1);
  expect(await asked()).toMatchObject({ marks: [], payload: { t: 'exchange.refused', why: 'disputed-blocked' } });
  answering({ name: 'x' });
  expect((await asked()).payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  answering(person);
  await send(await flagged('address', { option: 'BLOCK', exemptPurposes: ['citizen-view'] }));
  await eventually(async () => (await asked()).marks.length === 1, { timeoutMs: 15_000 });
  await send(await flagged('address', { isOn: false }));
  await held(0);
});

it('holds in every connector of the subsystem within a second, and after a restart', async () => {
  answering(person);
  const second = await network.start();
  await send(await flagged('address'));
  await eventually(async () => (await heldBy(app)) + (await heldBy(second)) > 0, { timeoutMs: 15_000 });
  const before = Date.now();
  await eventually(async () => (await heldBy(app)) === 1 && (await heldBy(second)) === 1);
  expect(Date.now() - before).toBeLessThan(1_000);
  await app.close();
  await second.close();
  // Its topic is read to its end: what is known now is known from the table.
  app = await network.start();
  expect(await heldBy(app)).toBe(1);
  expect((await asked()).marks).toEqual(['address;since=2026-11-27']);
  await send(await flagged('address', { isOn: false }));
  await held(0);
});

it('what is no flag is put away', async () => {
  const before = network.dead.length;
  await send(await flagged('address', { subject: 'TEST000001' }));
  await eventually(() => network.dead.length === before + 1, { timeoutMs: 15_000 });
  expect(network.dead.at(-1)?.reason).toBe('dispute-malformed');
});

/** The network's database behind a door that can be shut. */
async function door() {
  const there = new URL(network.databaseUrl);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const behind = connect(Number(there.port), there.hostname);
    for (const each of [socket, behind]) open.add(each.on('error', () => undefined));
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const databaseUrl = Object.assign(new URL(there), { hostname: '127.0.0.1', port: String(port) }).href;
  return {
    databaseUrl,
    reopen: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
    shut: async () => {
      const shut = new Promise((resolve) => server.close(resolve));
      for (const each of open) each.destroy();
      await shut;
    },
  };
}

const partOf = async (of: RunningApp) => {
  const { parts } = (await (await fetch(`${of.url}/status`)).json()) as { parts: { part: string }[] };
  return parts.find(({ part }) => part === 'disputes');
};

it('without its database the last known flags hold; before they are known no answer leaves that may need one', async () => {
  answering(person);
  await send(await flagged('address'));
  await held(1);
  const { databaseUrl, shut, reopen } = await door();
  await app.close();
  app = await network.start({ databaseUrl });
  await shut();
  expect((await asked()).marks).toEqual(['address;since=2026-11-27']);
  expect(await eventually(async () => (await partOf(app)) as never)).toMatchObject({ details: { flags: 1 } });
  await eventually(async () => JSON.stringify(await partOf(app)).includes('may be stale since'), { timeoutMs: 15_000 });

  await app.close();
  app = await network.startUnready({ databaseUrl });
  expect((await asked()).payload).toMatchObject({ t: 'exchange.failed', why: 'journal-unavailable' });
  expect(await partOf(app)).toMatchObject({ state: 'down' });
  await reopen();
  await held(1);
  expect((await asked()).marks).toEqual(['address;since=2026-11-27']);
  await send(await flagged('address', { isOn: false }));
  await held(0);
  await app.close();
  await shut();
  app = await network.start();
}, 90_000);
