import { setImmediate as yieldTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it, jest } from '@jest/globals';
import { sha256 } from '#kernel';
import { buildWorld, fakeClock, type World } from '#testing';
import type { LogReaderStore } from '../../apps/audit/src/log-reader.store.js';
import { ReaderKeys } from '../../apps/audit/src/reader-auth/reader-keys.service.js';

jest.setTimeout(60_000);

const MYGOV = 'TEST/GOV/1000/mygov';
const clock = fakeClock(Date.now());
const opened: ReaderKeys[] = [];
afterEach(async () => {
  for (const keys of opened.splice(0)) await keys.close();
});

/** The tables of a log whose manifests name the snapshots of these worlds. */
function keysOf(worlds: World[], reads: number[] = []): ReaderKeys {
  const store: Pick<LogReaderStore, 'manifestsAfter' | 'snapshot'> = {
    manifestsAfter: (after) =>
      Promise.resolve(
        worlds.map(({ digests }, index) => ({ logId: 1, index, digests })).filter(({ index }) => index > after.index),
      ),
    snapshot: (digest) => {
      const at = worlds.findIndex(({ bytes }) => sha256(bytes).equals(digest));
      reads.push(at);
      return Promise.resolve(worlds[at] && gzipSync(worlds[at].bytes));
    },
  };
  const keys = new ReaderKeys(store, clock);
  opened.push(keys);
  return keys;
}

it('knows a reader’s key by the newest snapshot, and follows it', async () => {
  const world = await buildWorld();
  const { kid, x } = world.keysOf(MYGOV).sign;
  const worlds: World[] = [];
  const reads: number[] = [];
  const keys = keysOf(worlds, reads);
  expect(await keys.areKnown()).toBe(false);
  await expect(keys.keyOf(MYGOV as never, kid, clock.now())).rejects.toMatchObject({ code: 'readers-unknown' });
  worlds.push(world);
  clock.advance(1_000);
  expect(await keys.areKnown()).toBe(true);
  expect(await keys.keyOf(MYGOV as never, kid, clock.now())).toMatchObject({ x });
  expect(await keys.keyOf('TEST/GOV/1001/population' as never, kid, clock.now())).toBeUndefined();
  expect(await keys.keyOf(MYGOV as never, kid, clock.now() + 100 * 365 * 86_400_000)).toBeUndefined();
  worlds.push(await buildWorld({ number: 2, sameKeysAs: world }));
  clock.advance(1_000);
  expect(await keys.areKnown()).toBe(true);
  expect(await keys.keyOf(MYGOV as never, kid, clock.now())).toMatchObject({ x });
  expect(reads).toEqual([0, 1]);
});

it('does not believe a key that a member’s chain does not lead to, whatever a later snapshot says', async () => {
  const world = await buildWorld();
  const stranger = await buildWorld({ number: 2 });
  const keys = keysOf([world, stranger]);
  expect(await keys.areKnown()).toBe(true);
  const { kid } = stranger.keysOf(MYGOV).sign;
  expect(await keys.keyOf(MYGOV as never, kid, clock.now())).toBeUndefined();
});

it('says that nobody is known where a snapshot cannot be read', async () => {
  const world = await buildWorld();
  const other = await buildWorld({ number: 2, sameKeysAs: world });
  await expect(keysOf([{ ...world, digests: other.digests }]).areKnown()).rejects.toMatchObject({
    code: 'readers-unknown',
  });
});

it('lets this thread go on while a snapshot is verified', async () => {
  const state = { isDone: false };
  const known = keysOf([await buildWorld()])
    .areKnown()
    .finally(() => (state.isDone = true));
  let turns = 0;
  for (; !state.isDone; turns += 1) await yieldTurn();
  expect([await known, turns > 5]).toEqual([true, true]);
});
