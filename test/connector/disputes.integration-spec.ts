import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import type { RunningApp } from '#platform';
import { eventually } from '#testing';
import { ConnectorNetwork, SERVICE } from './connector-network.js';
import { Disputing, withElements } from './disputing.js';

let network: ConnectorNetwork;
let app: RunningApp;
let scene: Disputing;
beforeAll(async () => {
  network = await ConnectorNetwork.create(withElements);
  scene = new Disputing(network, () => app);
}, 60_000);
afterAll(() => network.close());
beforeEach(async () => {
  app = await network.start();
});
afterEach(() => app.close());

const person = { address: 'somewhere', jobs: [{ income: 1 }] };

it('an answer that holds a disputed datum carries its flag, stated and covered by its digest, until it is off', async () => {
  scene.answering(person, { 'Kerege-Disputed': 'address;since=1999-01-01' });
  const free = await scene.asked();
  expect([free.marks, free.payload.n]).toEqual([[], undefined]);
  network.agency.calls.length = 0;
  await scene.send(
    await scene.flagged('address'),
    await scene.flagged('income'),
    await scene.flagged('address', { flag: 'second' }),
  );
  await scene.held(3);
  const { marks, payload } = await scene.asked();
  expect(marks).toEqual(['address;since=2026-11-27', 'income;since=2026-11-27']);
  expect(payload).toMatchObject({ t: 'exchange.answered', n: 2 });
  scene.answering({ name: 'x', jobs: [] });
  expect((await scene.asked()).marks).toEqual([]);
  scene.answering(person);
  const another = { country: 'TEST', type: 'PIN', code: 'TEST000002' };
  expect((await scene.asked({ target: `/r1/${SERVICE}/TEST000002`, subject: another })).marks).toEqual([]);
  expect(await scene.metric('kerege_connector_disputed_answers_total{what="flagged"')).toBe(1);
  await scene.send(
    await scene.flagged('address', { isOn: false }),
    await scene.flagged('income', { isOn: false }),
    await scene.flagged('address', { flag: 'second', isOn: false }),
  );
  await scene.held(0);
  const after = await scene.asked();
  expect([after.marks, after.payload.n]).toEqual([[], undefined]);
  // None of it was for the agency's systems.
  expect(network.agency.calls.every(({ target }) => target.startsWith('/base/'))).toBe(true);
  expect(await scene.metric('kerege_connector_notices_number{state="waiting"')).toBe(0);
});

it('the newest word on a flag holds, in whatever order and however often it comes', async () => {
  const on = await scene.flagged('address', { flag: 'ordered' });
  const off = await scene.flagged('address', { flag: 'ordered', isOn: false });
  await scene.send(off, on, off, on, await scene.flagged('income', { flag: 'behind' }));
  await scene.held(1);
  scene.answering(person);
  expect((await scene.asked()).marks).toEqual(['income;since=2026-11-27']);
  await scene.send(await scene.flagged('income', { flag: 'behind', isOn: false }));
  await scene.held(0);
});

it('flags about whom only the answer tells', async () => {
  await scene.send(await scene.flagged('area'));
  await scene.held(1);
  scene.answering({ owner: 'TEST000001', area: 7 });
  const parcel = { target: `/r1/${SERVICE}/parcels/7`, subject: undefined, payload: { ep: 'GET /parcels/{id}' } };
  expect(await scene.asked(parcel)).toMatchObject({ marks: ['area;since=2026-11-27'], payload: { n: 1 } });
  await scene.send(await scene.flagged('area', { isOn: false }));
  await scene.held(0);
});

it('a blocked datum goes out for exempt purposes alone', async () => {
  scene.answering(person);
  await scene.send(await scene.flagged('address', { option: 'BLOCK' }));
  await scene.held(1);
  expect(await scene.asked()).toMatchObject({ marks: [], payload: { t: 'exchange.refused', why: 'disputed-blocked' } });
  scene.answering({ name: 'x' });
  expect((await scene.asked()).payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  scene.answering(person);
  await scene.send(await scene.flagged('address', { option: 'BLOCK', exemptPurposes: ['citizen-view'] }));
  await eventually(async () => (await scene.asked()).marks.length === 1, { timeoutMs: 15_000 });
  await scene.send(await scene.flagged('address', { isOn: false }));
  await scene.held(0);
});

it('holds in every connector of the subsystem within a second, and after a restart', async () => {
  scene.answering(person);
  const second = await network.start();
  await scene.send(await scene.flagged('address'));
  await eventually(async () => (await scene.heldBy(app)) + (await scene.heldBy(second)) > 0, { timeoutMs: 15_000 });
  const before = Date.now();
  await eventually(async () => (await scene.heldBy(app)) === 1 && (await scene.heldBy(second)) === 1);
  expect(Date.now() - before).toBeLessThan(1_000);
  await app.close();
  await second.close();
  // Its topic is read to its end: what is known now is known from the table.
  app = await network.start();
  expect(await scene.heldBy(app)).toBe(1);
  expect((await scene.asked()).marks).toEqual(['address;since=2026-11-27']);
  await scene.send(await scene.flagged('address', { isOn: false }));
  await scene.held(0);
});

it('what is no flag is put away', async () => {
  const before = network.dead.length;
  await scene.send(await scene.flagged('address', { subject: 'TEST000001' }));
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

it('without its database the last known flags hold; before they are known no answer leaves that may need one', async () => {
  scene.answering(person);
  await scene.send(await scene.flagged('address'));
  await scene.held(1);
  const { databaseUrl, shut, reopen } = await door();
  await app.close();
  app = await network.start({ databaseUrl: new Secret(databaseUrl) });
  await shut();
  expect((await scene.asked()).marks).toEqual(['address;since=2026-11-27']);
  expect(await eventually(async () => (await scene.part()) as never)).toMatchObject({ details: { flags: 1 } });
  await eventually(async () => JSON.stringify(await scene.part()).includes('may be stale since'), {
    timeoutMs: 15_000,
  });

  await app.close();
  app = await network.startUnready({ databaseUrl: new Secret(databaseUrl) });
  expect((await scene.asked()).payload).toMatchObject({ t: 'exchange.failed', why: 'journal-unavailable' });
  expect(await scene.part()).toMatchObject({ state: 'down' });
  await reopen();
  await scene.held(1);
  expect((await scene.asked()).marks).toEqual(['address;since=2026-11-27']);
  await scene.send(await scene.flagged('address', { isOn: false }));
  await scene.held(0);
  await app.close();
  await shut();
  app = await network.start();
}, 90_000);
