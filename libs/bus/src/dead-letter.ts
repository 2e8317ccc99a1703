import type { OutgoingRecord, ReceivedRecord } from './bus.js';

/**
 * A record on its way to a dead-letter topic: the bytes as they came, so that nothing is lost and a signature can still
 * be checked, with where it came from and why it is here in headers. `reason` is a code, never free text: Kafka headers
 * carry no personal data.
 */
export function deadLetterRecord(topic: string, record: ReceivedRecord, reason: string): OutgoingRecord {
  return {
    topic,
    partition: 0,
    ...(record.key === null ? {} : { key: record.key }),
    value: record.value,
    headers: {
      ...record.headers,
      'dead-reason': reason,
      'dead-topic': record.topic,
      'dead-partition': String(record.partition),
      'dead-offset': String(record.offset),
    },
  };
}
