import { gzipSync } from 'node:zlib';
import { afterAll, expect, it, jest } from '@jest/globals';
import { sha256 } from '#kernel';
import { publicDigest } from '#snapshot';
import { buildWorld } from '#testing';
import { SnapshotThread } from '../../apps/audit/src/snapshots/snapshot-thread.service.js';

jest.setTimeout(60_000);

/** Has every snapshot opened in its thread, however small. */
const thread = new SnapshotThread(0);
/** Opens those of these specs where it is. */
const inline = new SnapshotThread();
afterAll(() => Promise.all([thread.close(), inline.close()]));
const both = [
  ['in another thread', thread],
  ['here, because it is small', inline],
] as const;

async function rowOf(number: number) {
  const world = await buildWorld({ number });
  const row = { number, digest: sha256(world.bytes), body: gzipSync(world.bytes) };
  return { world, row };
}

it.each(both)('a snapshot is opened %s, and says what is new to its reader', async (_where, thread) => {
  const { world, row } = await rowOf(1);
  const first = await thread.open({ reader: 'a', ...row });
  expect(first?.doc).toBe(publicDigest(world.digests));
  const owner = 'TEST/GOV/1000/mygov';
  expect(first?.keys).toContainEqual({ owner, kid: world.keysOf(owner).sign.kid });
  expect((await thread.open({ reader: 'a', ...row }))?.keys).toEqual([]);
  expect((await thread.open({ reader: 'b', ...row }))?.keys).toEqual(first?.keys);
});

it.each(both)('opened %s, a row whose bytes, digest or number are not one snapshot is none', async (_where, thread) => {
  const { row } = await rowOf(2);
  const bad = [
    { ...row, number: 3 },
    { ...row, digest: sha256('x') },
    { ...row, body: Buffer.from('x') },
    { number: 2, digest: sha256('{}'), body: gzipSync('{}') },
    { number: 2, digest: sha256('x'), body: gzipSync('x') },
  ];
  for (const changed of bad) expect(await thread.open({ reader: 'c', ...changed })).toBeUndefined();
});

it('this thread has nothing of the work', async () => {
  const { row } = await rowOf(4);
  const before = { here: process.threadCpuUsage(), all: process.cpuUsage() };
  for (const reader of ['d', 'e', 'f', 'g']) expect(await thread.open({ reader, ...row })).toBeDefined();
  const here = process.threadCpuUsage(before.here);
  const all = process.cpuUsage(before.all);
  expect(here.user + here.system).toBeLessThan((all.user + all.system) / 2);
});
