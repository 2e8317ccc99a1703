import type { Bus, OutgoingRecord, ReceivedRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { eventually, uniqueName } from '#testing';

/** A broker that shows one process another topic than everybody else under the name of the registry's. */
export function showing(bus: Bus, topic: string): Bus {
  const real = fixedTopics.snapshot.name;
  const named = (name: string) => (name === real ? topic : name);
  const received = (record: ReceivedRecord) => (record.topic === topic ? { ...record, topic: real } : record);
  return {
    ...delegate(bus),
    subscribe: (options) =>
      'batch' in options
        ? bus.subscribe({
            ...options,
            topics: options.topics.map(named),
            batch: (records) => options.batch(records.map(received)),
          })
        : bus.subscribe({
            ...options,
            topics: options.topics.map(named),
            each: (record) => options.each(received(record)),
          }),
    endOffset: (name, partition) => bus.endOffset(named(name), partition),
    earliestOffset: (name, partition) => bus.earliestOffset(named(name), partition),
  };
}

/** A broker that acknowledges what a process sends and loses some of it. */
export function losing(bus: Bus, isLost: (record: OutgoingRecord) => boolean): Bus {
  return { ...delegate(bus), publish: (records) => bus.publish(records.filter((record) => !isLost(record))) };
}

/** Everything that is written to a topic from now on. */
export async function tap(bus: Bus, topic: string): Promise<ReceivedRecord[]> {
  const records: ReceivedRecord[] = [];
  const subscription = await bus.subscribe({
    topics: [topic],
    group: uniqueName('tap'),
    startAt: { kind: 'latest' },
    maxInFlight: 1000,
    onError: () => undefined,
    each: (record) => void records.push(record),
  });
  await eventually(() => subscription.isAssigned());
  return records;
}

function delegate(bus: Bus): Bus {
  return {
    publish: (records) => bus.publish(records),
    subscribe: (options) => bus.subscribe(options),
    ensureTopics: (topics) => bus.ensureTopics(topics),
    endOffset: (topic, partition) => bus.endOffset(topic, partition),
    earliestOffset: (topic, partition) => bus.earliestOffset(topic, partition),
    isReachable: () => bus.isReachable(),
    state: () => bus.state(),
    close: () => bus.close(),
  };
}
