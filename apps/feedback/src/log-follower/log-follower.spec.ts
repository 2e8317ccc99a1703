import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogFiles } from '#log-watch';
import { eventually, fakeClock, TestLog, type FakeClock } from '#testing';
import { encodeBundle, Frontier, leafHash, parseTilePath } from '#tlog';
import type { FollowedLogStore, Position } from './followed-log.store.js';
import { LogFollower, type FollowerParts, type FollowTrouble } from './log-follower.worker.js';

const ORIGIN = 'audit.test.example/0/2026h2';
/** The window before. */
const CLOSED = 'audit.test.example/0/2026h1';
const log = TestLog.create(ORIGIN, 60);
const closed = TestLog.create(CLOSED, 1);
const bodies = Array.from({ length: 60 }, (_, at) => Buffer.from(`leaf-${at}`));

/** What the audit service serves; the log of fewer than 257 leaves is one bundle and one tile. */
class Served {
  by = log;
  bodies: readonly Buffer[] = bodies;
  size = 10;
  origins = [ORIGIN];
  reads = 0;
  /** Of each log. */
  readonly asked = new Map<string, number>();
  isAway = false;

  logs() {
    return Promise.resolve(this.origins.map((origin) => ({ origin, vkey: 'not believed' })));
  }

  async read(prefix: string, path: string): Promise<Buffer | undefined> {
    if (path === 'checkpoint') {
      this.reads += 1;
      this.asked.set(prefix, (this.asked.get(prefix) ?? 0) + 1);
    }
    if (this.isAway) throw new TypeError('no audit');
    if (prefix.includes('/2026h1/')) return undefined;
    if (path === 'checkpoint') return Buffer.from(await this.by.note(this.size));
    const tile = parseTilePath(path);
    if (tile === undefined) return undefined;
    const leaves = this.bodies.slice(0, tile.width);
    return tile.level === 'entries' ? encodeBundle(leaves) : Buffer.concat(leaves.map((leaf) => leafHash(leaf)));
  }
}

describe('LogFollower', () => {
  let served: Served;
  let clock: FakeClock;
  let alarms: FollowTrouble[];
  let frontier: Frontier;
  let doesBelieve: boolean;
  let follower: LogFollower;
  const started: LogFollower[] = [];

  const start = (how: Partial<Pick<FollowerParts, 'isAwaited' | 'intervalMs'>> = {}) => {
    const store: Pick<FollowedLogStore, 'position' | 'take'> = {
      position: () => Promise.resolve({ logId: 1, frontier }),
      take: (from: Position, next: Frontier) => {
        if (from.frontier.size !== frontier.size) return Promise.resolve(false);
        frontier = next;
        return Promise.resolve(true);
      },
    };
    follower = new LogFollower({
      ...{ files: served, auditUrl: 'http://audit', keys: [log.key, closed.key], clock, intervalMs: 1, ...how },
      store: store as FollowedLogStore,
      keyOwner: () => () => false,
      believes: () => doesBelieve,
      advanced: () => undefined,
      alarm: (trouble) => void alarms.push(trouble),
      failed: () => undefined,
    });
    started.push(follower);
    follower.start();
  };
  const reads = (size: number) => eventually(() => frontier.size === size);
  const alarmed = (trouble: FollowTrouble) => eventually(() => alarms.includes(trouble));

  beforeEach(() => {
    served = new Served();
    clock = fakeClock(1_800_000_000_000);
    alarms = [];
    frontier = Frontier.empty();
    doesBelieve = true;
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
  });

  it('asks a log that stands still again at once while a leaf is awaited, and after the pause of an idle one else', async () => {
    let isAwaited = true;
    start({ isAwaited: () => isAwaited, intervalMs: 60_000 });
    await reads(10);
    served.size = 20;
    await reads(20);
    isAwaited = false;
    const { reads: before } = served;
    await eventually(() => served.reads > before);
    await delay(150);
    const idle = served.reads;
    served.size = 30;
    await delay(150);
    expect([served.reads, frontier.size]).toEqual([idle, 20]);
    follower.wake();
    await reads(30);
  });

  it('asks the window that is written alone meanwhile', async () => {
    served.origins = [CLOSED, ORIGIN];
    start({ isAwaited: () => true, intervalMs: 60_000 });
    await eventually(() => served.reads > 5);
    served.size = 20;
    await reads(20);
    expect(served.asked.get(LogFiles.prefixOf('http://audit', CLOSED))).toBe(1);
  });

  it('asks a log that fails no sooner for what is awaited', async () => {
    start({ isAwaited: () => true, intervalMs: 60_000 });
    await eventually(() => served.reads > 2);
    served.isAway = true;
    await eventually(() => follower.reading().state === 'degraded');
    const { reads: before } = served;
    await delay(200);
    expect(served.reads).toBe(before);
    served.isAway = false;
    follower.wake();
    await eventually(() => served.reads > before + 2);
  });

  it('follows what grows, from where it was left', async () => {
    start();
    await reads(10);
    served.size = 33;
    await reads(33);
    expect([frontier.root(), follower.reading().state, follower.lag(), alarms]).toEqual([log.root(33), 'ok', 0, []]);
  });

  it.each([10, 33])('stands still, and says so once, where the log was rewritten and has %s leaves', async (size) => {
    start();
    await reads(10);
    const kept = frontier;
    served.by = log.rewritten(3);
    served.bodies = bodies.with(3, Buffer.from('another-3'));
    served.size = size;
    await eventually(() => follower.reading().state === 'down');
    expect([alarms, frontier]).toEqual([[size === 10 ? 'forked' : 'inconsistent'], kept]);
    served.by = log;
    served.bodies = bodies;
    await eventually(() => follower.reading().state === 'ok');
  });

  it('waits while an older copy is shown, and alarms when the log stays cut', async () => {
    start();
    await reads(10);
    served.size = 6;
    await eventually(() => follower.lag() === 0);
    expect(alarms).toEqual([]);
    clock.advance(30_000);
    served.size = 12;
    await reads(12);
    served.size = 6;
    await eventually(() => {
      clock.advance(20_000);
      return alarms.includes('shrunk');
    });
    expect(frontier.size).toBe(12);
  });

  it('takes nothing from a log that is distrusted, or whose key nobody trusts', async () => {
    doesBelieve = false;
    start();
    await alarmed('distrusted');
    doesBelieve = true;
    served.by = TestLog.create(ORIGIN, 60, 2);
    await alarmed('unsigned');
    expect(frontier.size).toBe(0);
    served.by = log;
    await reads(10);
    served.origins = ['elsewhere.example/0/1'];
    expect(follower.reading().details).toEqual({ [ORIGIN]: 10 });
  });
});
