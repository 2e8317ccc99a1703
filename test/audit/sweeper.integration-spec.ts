import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseStatement } from '#signing';
import { eventually } from '#testing';
import { AuditNetwork, PROVIDER } from './audit-network.js';

jest.setTimeout(60_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
  await network.startInForce({ longestDeadlineMs: 100, sweepGraceMs: 200, sweepIntervalMs: 50 });
});
afterAll(() => network.close());

const swept = async () =>
  (await network.leaves())
    .filter((leaf) => leaf.slot === 'b1')
    .map((leaf) => {
      const parsed = parseStatement(leaf.body.toString());
      return parsed.ok ? parsed.value.payload : undefined;
    });

describe('the sweeper (bus.md §4.10)', () => {
  it('states an outcome for a request without one that counts, once, and for no other', async () => {
    const lonely = await network.requested();
    const ended = await network.requested();
    const misled = await network.requested();
    await network.stamp([
      lonely,
      ended,
      misled,
      await network.answered(ended),
      // Has the id, but follows another leaf: it ends nothing.
      await network.answered(misled, { prev: lonely.leafHash.toString('base64url') }),
    ]);
    await eventually(async () => (await swept()).length >= 2);
    const late = await network.requested();
    await network.stampAndWait(late);
    await eventually(async () => (await swept()).length >= 3);
    const stated = await swept();
    expect(stated.map((payload) => payload?.id).sort()).toEqual([lonely, misled, late].map((s) => s.payload.id).sort());
    expect(stated.find((payload) => payload?.id === lonely.payload.id)).toMatchObject({
      t: 'exchange.failed',
      why: 'no-outcome',
      side: 'unknown',
      prev: lonely.leafHash.toString('base64url'),
      svc: lonely.payload.svc,
    });
    const [cursor] = await network.database.query<{ idx: string }>('SELECT idx FROM audit.sweep_cursor');
    expect(Number(cursor?.idx)).toBeGreaterThan(0);
  });

  it('is not held up by two consumers that have asked under one id', async () => {
    const first = await network.requested();
    const { id } = first.payload;
    const second = await network.requested({ id, from: PROVIDER }, network.signerOf(PROVIDER));
    await network.stampAndWait(first);
    await network.stampAndWait(second);
    const last = (await network.leaves()).findIndex(({ body }) => body.toString() === second.jws);
    await eventually(async () => {
      const [cursor] = await network.database.query<{ idx: string }>('SELECT idx FROM audit.sweep_cursor');
      return Number(cursor?.idx) > last;
    });
    expect((await swept()).filter((payload) => payload?.id === id)).toHaveLength(1);
  });
});
