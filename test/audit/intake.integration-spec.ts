import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { AuditNetwork, CONSUMER, PROVIDER } from './audit-network.js';

jest.setTimeout(60_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
  await network.startInForce();
});
afterAll(() => network.close());

describe('intake (statements.md §2)', () => {
  it('begins a log with the first manifest', async () => {
    const [first] = await network.leaves();
    expect(first).toMatchObject({ idx: 0, slot: '-', signer: 'TEST/registry1' });
  });

  it('makes leaves of both statements of an exchange, with receipts that prove them', async () => {
    const requested = await network.requested();
    const answered = await network.answered(requested);
    const first = await network.stampAndWait(requested);
    const second = await network.stampAndWait(answered);
    expect([first.isProven, second.isProven]).toEqual([true, true]);
    expect(first.leaf).toMatchObject({ slot: 'c0', signer: CONSUMER, refused: '' });
    expect(second.leaf).toMatchObject({ slot: 'p1', signer: PROVIDER, refused: '' });
    expect(second.leaf.index).toBe(first.leaf.index + 1n);
  });

  it('answers the same bytes with the receipt of the leaf that stands', async () => {
    const requested = await network.requested();
    const first = await network.stampAndWait(requested);
    await network.stampAndWait(await network.requested());
    const again = await network.stampAndWait(requested);
    expect(again.leaf.index).toBe(first.leaf.index);
    expect(again.isProven).toBe(true);
    expect(again.size).toBeGreaterThan(first.size);
  });

  it('logs a statement once that stands several times in one batch', async () => {
    const requested = await network.requested();
    const size = (await network.head()).size;
    await network.stamp([requested, requested, requested]);
    await eventually(() => network.receipts.filter((r) => requested.leafHash.equals(r.leaf.leafHash)).length === 3);
    expect((await network.head()).size).toBe(size + 1);
    const receipts = network.receipts.filter((r) => requested.leafHash.equals(r.leaf.leafHash));
    expect(receipts.every((r) => r.isProven)).toBe(true);
  });
});
