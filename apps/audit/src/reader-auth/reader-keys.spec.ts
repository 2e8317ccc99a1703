import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, fakeClock, type FakeClock } from '#testing';
import { ReaderKeys } from './reader-keys.service.js';
import type { FollowAnswer, FollowTask, KeyAnswer, KeyTask } from './reader-keys.worker.js';

type Asked = FollowTask | KeyTask;

/** A thread whose answers the spec gives, in any order. */
class Thread {
  private readonly waiting: { task: Asked; answer: (answer: FollowAnswer | KeyAnswer) => void }[] = [];

  run(task: Asked): Promise<FollowAnswer | KeyAnswer> {
    return new Promise((answer) => this.waiting.push({ task, answer }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What it was asked, in order, and has not answered: the snapshot before and the one to follow, or whose keys. */
  get asked(): (string | undefined)[][] {
    return this.waiting.map(({ task }) => ('body' in task ? [task.after, task.digest] : [task.digest]));
  }

  async answer(answer: FollowAnswer | KeyAnswer, at = 0): Promise<void> {
    await eventually(() => this.waiting.length > at);
    this.waiting.splice(at, 1)[0]?.answer(answer);
  }
}

const [first, second] = [1, 2].map((number) => String(number).repeat(64));
const UNKNOWN = { code: 'readers-unknown' };
const jwk = { kty: 'OKP', crv: 'Ed25519', x: 'x' } as const;

describe('the keys of readers, when the thread that knows them is started anew', () => {
  let thread: Thread;
  let clock: FakeClock;
  let digests: (string | undefined)[];
  let keys: ReaderKeys;
  const key = () => keys.keyOf('TEST/GOV/1000/mygov' as never, 'kid', 0);
  beforeEach(async () => {
    thread = new Thread();
    clock = fakeClock();
    digests = [first];
    const store = {
      manifestsAfter: (after: { index: number }) =>
        Promise.resolve(
          digests.flatMap((digest, index) =>
            index > after.index ? [{ logId: 1, index, digests: `snapshot ${digest}\n` }] : [],
          ),
        ),
      snapshot: () => Promise.resolve(Buffer.alloc(0)),
    };
    keys = new ReaderKeys(store, clock, () => thread);
    const known = keys.areKnown();
    await thread.answer('followed');
    expect(await known).toBe(true);
  });

  it('start no thread before a reader asks, and none after the end', async () => {
    let started = 0;
    const store = {
      manifestsAfter: () => Promise.resolve([{ logId: 1, index: 0, digests: `snapshot ${first}\n` }]),
      snapshot: () => Promise.resolve(Buffer.alloc(0)),
    };
    const idle = new ReaderKeys(store, clock, () => {
      started += 1;
      return thread;
    });
    expect(started).toBe(0);
    const known = idle.areKnown();
    await thread.answer('followed');
    expect([await known, started]).toEqual([true, 1]);
    const unasked = new ReaderKeys(store, clock, () => {
      throw new RangeError('started');
    });
    await unasked.close();
    await expect(unasked.areKnown()).rejects.toMatchObject(UNKNOWN);
  });

  it('are unknown to all who had asked, and not a key that nobody has', async () => {
    const asked = [key(), key()];
    await thread.answer('lost');
    await thread.answer('lost');
    for (const one of await Promise.allSettled(asked)) expect(one).toMatchObject({ reason: UNKNOWN });
    await expect(key()).rejects.toMatchObject(UNKNOWN);
  });

  it('are not taken from what it had answered before', async () => {
    const [lost, late] = [key(), key()];
    const outcomes = Promise.allSettled([lost, late]);
    await thread.answer('lost', 0);
    await expect(lost).rejects.toMatchObject(UNKNOWN);
    await thread.answer({ jwk });
    expect((await outcomes)[1]).toMatchObject({ reason: UNKNOWN });
  });

  it('are those of all snapshots from the first again, whatever was under way', async () => {
    digests.push(second);
    clock.advance(1_000);
    const following = keys.areKnown();
    await eventually(() => thread.asked.length === 1);
    expect(thread.asked).toEqual([[first, second]]);
    const lost = key();
    await thread.answer('lost', 1);
    await expect(lost).rejects.toMatchObject(UNKNOWN);
    await thread.answer('followed');
    await expect(following).rejects.toMatchObject(UNKNOWN);
    const again = keys.areKnown();
    await eventually(() => thread.asked.length === 1);
    expect(thread.asked).toEqual([[undefined, first]]);
    await thread.answer('followed');
    await eventually(() => thread.asked.length === 1);
    expect(thread.asked).toEqual([[first, second]]);
    await thread.answer('followed');
    expect(await again).toBe(true);
    const found = key();
    await thread.answer({ jwk });
    expect(await found).toEqual(jwk);
  });
});
