import type { BatchSubscription, Bus, EachSubscription, ReceivedRecord, StartAt } from '#bus';

/**
 * The same broker with names of its own: every topic and group is prefixed on the way in and stripped on the way out.
 * So spec files that use the fixed topics (`audit.stamp.0`, `registry.snapshot`) do not meet each other.
 */
export function isolatedBus(bus: Bus, prefix: string): Bus {
  const inside = (topic: string) => `${prefix}.${topic}`;
  const outside = (topic: string) => topic.slice(prefix.length + 1);
  const received = (record: ReceivedRecord): ReceivedRecord => ({ ...record, topic: outside(record.topic) });
  const startAt = (start: StartAt): StartAt =>
    start.kind === 'stored'
      ? { kind: 'stored', nextOffset: (topic, partition) => start.nextOffset(outside(topic), partition) }
      : start;
  const common = (options: EachSubscription | BatchSubscription) => ({
    topics: options.topics.map(inside),
    group: inside(options.group),
    startAt: startAt(options.startAt),
    onError: (cause: unknown, records: readonly ReceivedRecord[]) => options.onError(cause, records.map(received)),
  });
  return {
    publish: (records) => bus.publish(records.map((record) => ({ ...record, topic: inside(record.topic) }))),
    subscribe: (options) =>
      'batch' in options
        ? bus.subscribe({
            ...options,
            ...common(options),
            batch: (records) => options.batch(records.map(received)),
          })
        : bus.subscribe({ ...options, ...common(options), each: (record) => options.each(received(record)) }),
    ensureTopics: (topics) => bus.ensureTopics(topics.map((topic) => ({ ...topic, name: inside(topic.name) }))),
    endOffset: (topic, partition) => bus.endOffset(inside(topic), partition),
    earliestOffset: (topic, partition) => bus.earliestOffset(inside(topic), partition),
    isReachable: () => bus.isReachable(),
    state: () => bus.state(),
    close: () => bus.close(),
  };
}
