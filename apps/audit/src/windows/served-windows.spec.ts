import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#platform';
import { eventually, fakeClock, type FakeClock } from '#testing';
import { ServedWindows } from './served-windows.service.js';
import type { StoredWindow } from './window.store.js';

const originOf = (logId: number) => `audit.test.example/TEST/0/2026h2-${logId}`;
const windowOf = (logId: number): StoredWindow => {
  return { logId, origin: originOf(logId), predecessor: undefined, size: 0, note: '', closedAtMs: undefined, nowMs: 0 };
};

/** What `trust.json` and the table say, how often the table was asked, and whether it answers. */
class Sources {
  stored = [windowOf(1)];
  isTrustRead = true;
  queries = 0;
  answering: Promise<void> = Promise.resolve();

  async list(): Promise<StoredWindow[]> {
    this.queries += 1;
    const { stored } = this;
    await this.answering;
    return stored;
  }

  trusted(): Promise<ReadonlyMap<string, string>> {
    if (!this.isTrustRead) return Promise.reject(new TypeError('not to be read'));
    return Promise.resolve(new Map([1, 2].map((logId) => [originOf(logId), `vkey-${logId}`])));
  }
}

describe('the windows that readers see', () => {
  let sources: Sources;
  let clock: FakeClock;
  let served: ServedWindows;
  beforeEach(() => {
    sources = new Sources();
    clock = fakeClock();
    const parts = { windows: sources as never, keys: sources, clock, logger: silentLogger() };
    served = new ServedWindows({ ...parts, publicUrl: 'http://audit', cosignedWithinMs: 0, policy: undefined });
  });

  it('keep the keys that were named last while trust.json cannot be read, and go on', async () => {
    sources.isTrustRead = false;
    await expect(served.list()).rejects.toThrow('not to be read');
    sources.isTrustRead = true;
    await served.list();
    sources.isTrustRead = false;
    sources.stored = [windowOf(1), windowOf(2)];
    clock.advance(1_000);
    expect((await served.list()).map(({ vkey }) => vkey)).toEqual(['vkey-1', 'vkey-2']);
  });

  it('are loaded once for all who ask at a time, and again for who asks a second later', async () => {
    await Promise.all(Array.from({ length: 50 }, () => served.list()));
    expect(sources.queries).toBe(1);
    clock.advance(1_000);
    await Promise.all(Array.from({ length: 50 }, () => served.list()));
    expect(sources.queries).toBe(2);
  });

  it('are loaded once more for all who miss one, however many, and not before they have asked', async () => {
    await served.list();
    const missing = Array.from({ length: 50 }, () => served.listAgain());
    expect(sources.queries).toBe(1);
    sources.stored = [windowOf(1), windowOf(2)];
    missing.push(served.listAgain());
    for (const list of await Promise.all(missing)) expect(list).toHaveLength(2);
    expect(sources.queries).toBe(2);
  });

  it('are loaded anew for who misses one while they are loaded', async () => {
    let answer: () => void = () => undefined;
    sources.answering = new Promise((resolve) => (answer = resolve));
    const before = served.list();
    await eventually(() => sources.queries === 1);
    sources.stored = [windowOf(1), windowOf(2)];
    const again = served.listAgain();
    answer();
    expect([await before, await again].map((list) => list.length)).toEqual([1, 2]);
  });
});
