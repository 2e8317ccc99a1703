import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, type RunningApp } from '#platform';
import { eventually } from '#testing';
import { createAudit } from '../../apps/audit/src/audit.module.js';
import { AuditNetwork } from './audit-network.js';

jest.setTimeout(90_000);

let network: AuditNetwork;
let owner: RunningApp;
let standby: RunningApp | undefined;
beforeAll(async () => {
  network = await AuditNetwork.create();
  owner = await network.startInForce();
});
afterAll(async () => {
  await standby?.close();
  await network.close();
});

const missing = async (app: RunningApp) => (await fetch(`${app.url}/ready`)).text();

describe('a second sequencer', () => {
  it('stands by while the first one lives, takes over when it is gone, and loses nothing', async () => {
    const { epoch } = await network.head();
    const second = await createAudit(network.config(), { bus: network.bus, logger: silentLogger() });
    standby = second;
    await eventually(async () => (await missing(second)).includes('is not ours'));
    expect((await network.stampAndWait(await network.requested())).isProven).toBe(true);
    expect((await network.head()).epoch).toBe(epoch);

    const meanwhile = await network.requested();
    const closed = owner.close();
    await network.stamp([meanwhile]);
    await closed;
    await eventually(() => network.receiptOf(meanwhile.leafHash)?.isProven, { timeoutMs: 30_000 });
    expect((await network.head()).epoch).toBe(epoch + 1n);
    // The first receipts may go out before the fetch that brought their stamps is known to have ended.
    await eventually(async () => (await fetch(`${second.url}/ready`)).status === 200);
  });

  it('takes the log from an owner that does not hear the stamps; that one stands by then', async () => {
    const { epoch } = await network.head();
    let isDeaf = false;
    const bus = { ...network.bus, isReachable: () => Promise.resolve(!isDeaf) };
    await standby?.close();
    const deaf = await network.start({ leaseMs: 500 }, { bus });
    const third = await createAudit(network.config({ leaseMs: 500 }), { bus: network.bus, logger: silentLogger() });
    standby = third;
    await eventually(async () => (await missing(third)).includes('is not ours'));
    expect((await network.head()).epoch).toBe(epoch + 1n);
    isDeaf = true;
    await eventually(async () => (await fetch(`${third.url}/ready`)).status === 200, { timeoutMs: 30_000 });
    isDeaf = false;
    await eventually(async () => (await missing(deaf)).includes('is not ours'));
    expect((await network.stampAndWait(await network.requested())).isProven).toBe(true);
    expect((await network.head()).epoch).toBe(epoch + 2n);
    await deaf.close();
  });

  it('refuses a stamp topic that has lost what is to be read next', async () => {
    await standby?.close();
    const { size, nextOffset } = await network.head();
    const bus = { ...network.bus, earliestOffset: () => Promise.resolve(nextOffset + 1n) };
    const refusing = await network.start({}, { bus });
    await eventually(async () => (await missing(refusing)).includes('stamp-topic-truncated'));
    expect(await network.head()).toMatchObject({ size, nextOffset });
    await refusing.close();
  });

  it('refuses a stamp topic that ends before what the log remembers, until it is told to take it', async () => {
    await network.database.query('UPDATE audit.log_head SET next_offset = 1000000');
    const size = (await network.head()).size;
    const refusing = await network.start();
    const requested = await network.requested();
    await network.stamp([requested]);
    await eventually(async () => (await missing(refusing)).includes('stamp-topic-truncated'));
    expect((await network.head()).size).toBe(size);
    await refusing.close();

    await (await network.start({ acceptNewTopic: true })).close();
    // The decision is stored: no later start needs it.
    await network.start();
    await eventually(() => network.receiptOf(requested.leafHash)?.isProven, { timeoutMs: 30_000 });
    const head = await network.head();
    expect(head.size).toBe(size + 1);
    expect(head.nextOffset).toBeLessThan(1000n);
  });
});
