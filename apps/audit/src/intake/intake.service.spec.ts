import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppMetrics, noTracing, silentLogger } from '#platform';
import { makeAuditMetrics } from '../ops/audit-metrics.service.js';
import { Intake } from './intake.service.js';

const NOTE = 'audit.test.example/TEST/0/2026h2-2\n';
const record = {
  topic: 'audit.stamp.0',
  partition: 0,
  offset: 0n,
  timestampMs: 0,
  key: null,
  value: Buffer.from('no statement'),
  headers: {},
};

/** Everything around intake, as simple as can be: a shard with one window, whose successor is opened when it is told. */
class Shard {
  /** Numbers of the windows that were asked what stands in them. */
  readonly asked: number[] = [];
  readonly steps: string[] = [];
  isWindowFound = true;
  readonly sequencer = {
    logId: 1,
    isOwner: false,
    vkey: '',
    head: { origin: 'audit.test.example/TEST/0/2026h2', size: 3, nextOffset: 0n, isClosed: false },
    takeOver: () => {
      this.sequencer.isOwner = true;
      return Promise.resolve(this.sequencer.head);
    },
    pause: () => void (this.sequencer.isOwner = false),
    append: (_leaves: unknown, _manifests: unknown, _next: bigint, isLast = false) => {
      this.sequencer.head.isClosed = isLast;
      return Promise.resolve({ note: 'last', extension: { size: 4, path: () => undefined } });
    },
    open: () => {
      this.sequencer.logId = 2;
      this.sequencer.head.isClosed = false;
      return Promise.resolve({ note: NOTE, extension: { size: 2 } });
    },
  };

  at(logId: number) {
    if (!this.isWindowFound) return Promise.reject(new TypeError('the database is away'));
    const standing = () => {
      this.asked.push(logId);
      return Promise.resolve({ byHash: new Map(), bySlot: new Map() });
    };
    const store = { manifests: () => Promise.resolve([]) };
    return Promise.resolve({ logId, store, standing, predecessors: [], paths: { pathsOf: () => new Map() } });
  }
}

let shard: Shard;
let intake: Intake;
beforeEach(async () => {
  shard = new Shard();
  const parts = {
    bus: {
      earliestOffset: () => Promise.resolve(0n),
      endOffset: () => Promise.resolve(9n),
      publish: () => Promise.resolve(),
    },
    windows: shard,
    rotation: {
      lastLeaf: (_place: unknown, _law: unknown, isAsked = false) => Promise.resolve(isAsked ? {} : undefined),
      firstLeaves: () =>
        Promise.resolve({
          log: { key: { name: 'of 2' }, compare: () => Promise.resolve(void shard.steps.push('compared')) },
        }),
    },
    snapshots: {},
    signatures: { check: () => Promise.resolve([]) },
    sequencer: shard.sequencer,
    checkpoints: { offer: (note: string) => void shard.steps.push(`offered ${note}`) },
    onOpened: (logId: number, { name }: { name: string }) => void shard.steps.push(`opened ${logId} ${name}`),
    registryKeys: [],
    signer: { kid: 'audit' },
    stampsPerSecond: 100,
    acceptNewTopic: false,
    clock: { now: () => 0 },
    metrics: makeAuditMetrics(new AppMetrics('audit'), noTracing),
    logger: silentLogger(),
  };
  intake = new Intake(parts as never);
  await intake.takeOver();
});

describe('intake, over a rotation', () => {
  it('tells of the window before the first checkpoint of that is offered', async () => {
    await intake.rotate(true);
    expect(shard.steps).toEqual(['offered last', 'opened 2 of 2', `offered ${NOTE}`]);
  });

  it('asks the new window what stands, also if that could not be found when it was opened', async () => {
    await intake.take([record]);
    shard.sequencer.append = ((append) => (leaves, manifests, next, isLast) => {
      shard.isWindowFound = isLast !== true;
      return append(leaves, manifests, next, isLast);
    })(shard.sequencer.append);
    await expect(intake.rotate(true)).rejects.toThrow('the database is away');
    expect([shard.sequencer.logId, shard.sequencer.head.isClosed]).toEqual([2, false]);
    await expect(intake.take([{ ...record, offset: 1n }])).rejects.toThrow('the database is away');
    shard.isWindowFound = true;
    await intake.take([{ ...record, offset: 1n }]);
    expect(shard.asked).toEqual([1, 2]);
  });

  it('owns nothing where the takeover of a closed window ends before its successor is in hand', async () => {
    shard.sequencer.head.isClosed = true;
    const { open } = shard.sequencer;
    shard.sequencer.open = () => {
      shard.isWindowFound = false;
      return open();
    };
    await expect(intake.takeOver()).rejects.toThrow('the database is away');
    expect(shard.sequencer.isOwner).toBe(false);
    shard.isWindowFound = true;
    await intake.takeOver();
    await intake.take([record]);
    expect(shard.asked).toEqual([2]);
    expect(shard.steps[0]).toBe('compared');
  });
});
