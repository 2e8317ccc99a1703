import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { topics, type TopicRecord } from '../../system/spec-support/topic-record.js';
import { leavesOf } from '../harness/accounts.js';

/** Whoever's clock was wrong: the leaves stand in the order of the broker, whose time is right. */
export async function expectOrder(instance: Instance, records: TopicRecord, startedMs: number): Promise<void> {
  const leaves = await leavesOf(instance);
  const first = records.firstStamps();
  const order = leaves.map(({ hash }) => first.get(hash) ?? -1n);
  expect(order).not.toContain(-1n);
  expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : 1)));
  const times = records.of(topics.stamp).map(({ timestampMs }) => timestampMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(startedMs - 60_000);
  expect(times.at(-1)).toBeLessThan(Date.now() + 60_000);
}
