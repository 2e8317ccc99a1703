import { sha256, toHex } from '#kernel';
import type { OutgoingRecord, ReceivedRecord } from './bus.js';

/** What a dead letter keeps of a value, unless its caller keeps less. */
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_KEY_BYTES = 1024;
const MAX_HEADER_BYTES = 4 * 1024;

/**
 * A record on its way to a dead-letter topic: the bytes as they came, so that a signature can still be checked, with
 * where it came from and why it is here in headers. `reason` is a code, never free text: Kafka headers carry no personal
 * data.
 *
 * Whoever may write to a topic chooses how large a record is, and the dead-letter topic has a limit, too: a value beyond
 * `maxBytes` is cut, with `dead-length` and `dead-sha256` of the whole, and foreign headers are kept only while they are
 * small. So a dead letter is always small enough to be sent.
 */
export function deadLetterRecord(
  topic: string,
  record: ReceivedRecord,
  reason: string,
  maxBytes = MAX_VALUE_BYTES,
): OutgoingRecord {
  const { key, value } = record;
  const isCut = value.length > maxBytes;
  const ours = {
    'dead-reason': reason,
    'dead-topic': record.topic,
    'dead-partition': String(record.partition),
    'dead-offset': String(record.offset),
    ...(isCut ? { 'dead-length': String(value.length), 'dead-sha256': toHex(sha256(value)) } : {}),
  };
  return {
    topic,
    partition: 0,
    ...(key === null ? {} : { key: key.subarray(0, MAX_KEY_BYTES) }),
    value: isCut ? value.subarray(0, maxBytes) : value,
    headers: {
      // First, because only the first headers of a record are read, and last, because a stranger's may have their names.
      ...ours,
      ...(sizeOf(record.headers) <= MAX_HEADER_BYTES ? record.headers : {}),
      ...ours,
    },
  };
}

function sizeOf(headers: ReceivedRecord['headers']): number {
  let bytes = 0;
  for (const [name, values] of Object.entries(headers))
    for (const value of values) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
