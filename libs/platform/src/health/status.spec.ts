import { setTimeout as delay } from 'node:timers/promises';
import { consumersPart, registryCopyPart } from './status-parts.js';
import { StatusWatch } from './status-watch.worker.js';
import { StatusKeeper } from './status.js';

const iso = (ms: number) => new Date(ms).toISOString();
const clock = { now: () => 1_000_000 };

describe('StatusKeeper', () => {
  const since = (...looks: readonly (readonly ['ok' | 'degraded' | 'down', number])[]) => {
    const keeper = new StatusKeeper();
    return looks.map(([state, atMs]) => keeper.observe('part', { state }, atMs).since).at(-1);
  };

  it('says since when a part is as it is', () => {
    expect(since(['ok', 0], ['ok', 5_000])).toBe(iso(0));
    expect(since(['ok', 0], ['down', 5_000], ['down', 10_000])).toBe(iso(5_000));
    expect(since(['ok', 0], ['down', 5_000], ['ok', 10_000])).toBe(iso(10_000));
  });

  it('keeps the beginning of trouble that gets worse, or better without ending', () => {
    expect(since(['ok', 0], ['degraded', 5_000], ['down', 10_000])).toBe(iso(5_000));
    expect(since(['down', 0], ['degraded', 60_000])).toBe(iso(0));
  });

  it('takes what returns at once for the same trouble, and what returns later for a new one', () => {
    expect(since(['down', 0], ['ok', 10_000], ['down', 30_000])).toBe(iso(0));
    expect(since(['down', 0], ['ok', 10_000], ['down', 30_001])).toBe(iso(30_001));
    // One that flaps for an hour has been troubled for an hour.
    const flapping = Array.from({ length: 360 }, (_, look) => [look % 2 === 0 ? 'down' : 'ok', look * 10_000] as const);
    expect(since(...flapping, ['down', 3_600_000])).toBe(iso(0));
  });
});

describe('StatusWatch', () => {
  it('shows parts that throw or hang as down, without what they threw', async () => {
    const watch = new StatusWatch('example', [
      { name: 'fine', read: () => ({ state: 'ok', details: { size: 3 } }) },
      { name: 'broken', read: () => Promise.reject(new TypeError('DEMO/PIN/TEST000001')) },
    ]);
    const status = await watch.status();
    expect(status).toMatchObject({
      app: 'example',
      state: 'degraded',
      parts: [
        { part: 'fine', state: 'ok', details: { size: 3 } },
        { part: 'broken', state: 'down', reason: 'could not be read' },
      ],
    });
    expect(JSON.stringify(status)).not.toContain('TEST000001');
  });

  it('looks once for all who ask at once', async () => {
    let looks = 0;
    const read = async () => {
      looks += 1;
      await delay(5);
      return { state: 'ok' } as const;
    };
    const watch = new StatusWatch('example', [{ name: 'slow', read }], clock);
    await Promise.all([watch.status(), watch.status()]);
    await watch.status();
    expect(looks).toBe(1);
  });
});

describe('parts that every app has', () => {
  const reading = (changes: object) => ({
    topics: ['reply.DEMO-gw1'],
    isAssigned: true,
    lastFetchAtMs: clock.now(),
    replaced: 0,
    replacedAtMs: undefined,
    partitions: [],
    ...changes,
  });
  const consumers = (changes: object) =>
    consumersPart(
      { state: () => ({ queuedCalls: 0, queuedBytes: 0, subscriptions: [reading(changes)] }) },
      clock,
    ).read();

  it('tells of consumers that are silent, and of those that had to be replaced', () => {
    expect(consumers({})).toMatchObject({ state: 'ok', details: { subscriptions: 1, replaced: 0 } });
    expect(consumers({ lastFetchAtMs: clock.now() - 6_000 })).toMatchObject({
      state: 'degraded',
      reason: 'nothing is fetched for reply topics',
    });
    expect(consumers({ replaced: 2, replacedAtMs: clock.now() - 10_000 })).toMatchObject({ state: 'degraded' });
    expect(consumers({ replaced: 2, replacedAtMs: clock.now() - 70_000 })).toMatchObject({ state: 'ok' });
  });

  it('tells of a copy of the registry that is missing or not renewed', () => {
    const copy = (number: number | undefined, leftMs: number) =>
      registryCopyPart(
        { current: () => (number === undefined ? undefined : { number }), expiresAtMs: clock.now() + leftMs },
        clock,
      ).read();
    expect(copy(7, 600_000)).toEqual({ state: 'ok', details: { number: 7, until: iso(1_600_000) } });
    expect(copy(7, 60_000)).toMatchObject({ state: 'degraded' });
    expect(copy(undefined, 0)).toMatchObject({ state: 'down' });
  });
});
