import { describe, expect, it } from '@jest/globals';
import { eventually, fakeClock } from '#testing';
import { busContract } from '../spec-support/bus-contract.js';
import { collector, numbered } from '../spec-support/collect.js';
import { createInProcessBus } from './in-process-bus.js';

busContract('the in-process bus', () => {
  const bus = createInProcessBus({ drainTimeoutMs: 300 });
  return Promise.resolve({ bus, connectAnother: () => Promise.resolve(bus), close: () => bus.close() });
});

describe('the in-process bus is bounded', () => {
  it('drops the oldest records past the bytes that a partition may keep', async () => {
    const bus = createInProcessBus({ maxPartitionBytes: 1_000 });
    await bus.ensureTopics([{ name: 't', partitions: 1, retentionMs: -1 }]);
    await bus.publish(numbered('t', 100));
    const seen = collector(['t'], { kind: 'earliest' });
    await bus.subscribe(seen.options);
    await eventually(() => seen.records.at(-1)?.offset === 99n);
    expect(seen.records.length).toBeLessThanOrEqual(15);
    expect(await bus.endOffset('t', 0)).toBe(100n);
    expect(await bus.earliestOffset('t', 0)).toBe(seen.records[0]?.offset);
    await bus.close();
  });

  it('drops records past the retention of their topic', async () => {
    const clock = fakeClock(1_000_000);
    const bus = createInProcessBus({ clock });
    await bus.ensureTopics([{ name: 't', partitions: 1, retentionMs: 60_000 }]);
    await bus.publish(numbered('t', 2, 'old'));
    clock.advance(60_001);
    await bus.publish(numbered('t', 1, 'new'));
    const seen = collector(['t'], { kind: 'earliest' });
    await bus.subscribe(seen.options);
    await eventually(() => seen.records.length > 0);
    expect(seen.texts()).toEqual(['new0']);
    await bus.close();
  });

  it('keeps one record per key of a compacted topic', async () => {
    const bus = createInProcessBus();
    await bus.ensureTopics([{ name: 't', partitions: 1, retentionMs: -1, compacted: true }]);
    for (let n = 0; n < 10; n += 1) {
      await bus.publish([{ topic: 't', partition: 0, key: `k${n % 2}`, value: Buffer.from(String(n)) }]);
    }
    const seen = collector(['t'], { kind: 'earliest' });
    await bus.subscribe(seen.options);
    await eventually(() => seen.records.at(-1)?.offset === 9n);
    expect(seen.texts()).toEqual(['8', '9']);
    await bus.close();
  });

  it('gives readers bytes of their own', async () => {
    const bus = createInProcessBus();
    await bus.ensureTopics([{ name: 't', partitions: 1, retentionMs: -1 }]);
    const value = Buffer.from('sent');
    await bus.publish([{ topic: 't', partition: 0, value }]);
    value.fill(0);
    const seen = collector(['t'], { kind: 'earliest' });
    await bus.subscribe(seen.options);
    await eventually(() => seen.records.length === 1);
    expect(seen.texts()).toEqual(['sent']);
    await bus.close();
  });

  it('is closed for good', async () => {
    const bus = createInProcessBus();
    await bus.close();
    await expect(bus.publish([])).rejects.toMatchObject({ code: 'bus-closed' });
    expect(await bus.isReachable()).toBe(false);
  });
});
