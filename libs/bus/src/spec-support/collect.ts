import type { BatchSubscription, EachSubscription, ReceivedRecord, StartAt } from '../bus.js';
import { uniqueName } from '#testing';

/** What a subscription has been given so far, and its options; a test changes what it needs. */
export interface Collector {
  readonly records: ReceivedRecord[];
  readonly errors: unknown[];
  readonly texts: () => string[];
  readonly options: EachSubscription;
}

export function collector(
  topics: readonly string[],
  startAt: StartAt,
  changes: Partial<EachSubscription> = {},
): Collector {
  const records: ReceivedRecord[] = [];
  const errors: unknown[] = [];
  const options: EachSubscription = {
    topics,
    group: uniqueName('group'),
    startAt,
    maxInFlight: 100,
    each: (record) => void records.push(record),
    onError: (cause) => void errors.push(cause),
    ...changes,
  };
  return { records, errors, texts: () => records.map(({ value }) => value.toString()), options };
}

export function batchOptions(topic: string, changes: Partial<BatchSubscription>): BatchSubscription {
  return {
    topics: [topic],
    group: uniqueName('group'),
    startAt: { kind: 'earliest' },
    maxInFlight: 1_000,
    maxBatch: 100,
    batch: () => Promise.resolve(),
    onError: () => undefined,
    ...changes,
  };
}

/** `count` records of one partition with values `<prefix>0`, `<prefix>1`, … */
export function numbered(topic: string, count: number, prefix = '', partition = 0) {
  return Array.from({ length: count }, (_, index) => ({ topic, partition, value: Buffer.from(`${prefix}${index}`) }));
}

export function texts(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
