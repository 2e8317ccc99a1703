import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import type { RunningApp } from '#platform';
import type { Statement } from '#signing';
import { eventually, uniqueName } from '#testing';
import { openNote } from '#tlog';
import { AuditNetwork } from './audit-network.js';

jest.setTimeout(120_000);

const LEAVES = 10_000;
let network: AuditNetwork;
let first: RunningApp;
beforeAll(async () => {
  network = await AuditNetwork.create();
  first = await network.startInForce({ stampsPerSecond: 1_000_000 });
});
afterAll(() => network.close());

function withoutProof(statements: readonly Statement[]): Statement[] {
  const proven = new Set(
    network.receipts.filter((r) => r.isProven).map((r) => Buffer.from(r.leaf.leafHash).toString('latin1')),
  );
  return statements.filter((one) => !proven.has(one.leafHash.toString('latin1')));
}

describe('ten thousand leaves', () => {
  it('all have receipts that verify, also after another sequencer has taken over in between', async () => {
    const statements = await Promise.all(Array.from({ length: LEAVES }, () => network.requested()));
    const half = LEAVES / 2;
    await network.stamp(statements.slice(0, half));
    await eventually(async () => (await network.head()).size > half / 2, { timeoutMs: 30_000 });
    const standby = network.start({ stampsPerSecond: 1_000_000 });
    await first.close();
    await network.stamp(statements.slice(half));
    await standby;
    await eventually(async () => (await network.head()).size === LEAVES + 1, { timeoutMs: 60_000 });
    // A receipt may be lost with the process that owed it; its sender stamps again, and gets one.
    await network.stamp(withoutProof(statements));
    await eventually(() => withoutProof(statements).length === 0, { timeoutMs: 30_000, intervalMs: 200 });
    expect(network.receipts.filter((receipt) => !receipt.isProven)).toEqual([]);
    expect((await network.head()).size).toBe(LEAVES + 1);
    const [tiles] = await network.database.query<{ n: string }>('SELECT count(*) AS n FROM audit.log_tile');
    expect(Number(tiles?.n)).toBe(Math.floor((LEAVES + 1) / 256));
  });

  it('were announced by checkpoints, at most one in a second', async () => {
    const topic = fixedTopics.checkpoints.name;
    const sizes: number[] = [];
    const times: number[] = [];
    const subscription = await network.bus.subscribe({
      topics: [topic],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 100,
      onError: () => undefined,
      each: (record) => {
        const note = openNote(record.value, [network.noteKey]);
        if (note.ok) sizes.push(note.value.size);
        times.push(record.timestampMs);
      },
    });
    await eventually(() => sizes.at(-1) === LEAVES + 1, { timeoutMs: 15_000 });
    await subscription.stop();
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
    // One more for each process's own first, and one for its last on closing.
    expect(sizes.length).toBeLessThanOrEqual(Math.ceil(seconds) + 4);
  });
});
