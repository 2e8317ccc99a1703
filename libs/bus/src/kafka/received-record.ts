import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { ReceivedRecord } from '../bus.js';

const NO_HEADERS: ReceivedRecord['headers'] = Object.freeze({});

/** A kafkajs message as the port shows it. A tombstone's value is empty. */
export function receivedRecord(topic: string, partition: number, message: KafkaMessage): ReceivedRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value ?? Buffer.alloc(0),
    headers: headersOf(message.headers),
  };
}

function headersOf(headers: IHeaders | undefined): ReceivedRecord['headers'] {
  if (headers === undefined) return NO_HEADERS;
  const entries = Object.entries(headers);
  if (entries.length === 0) return NO_HEADERS;
  return Object.fromEntries(entries.map(([name, value]) => [name, valuesOf(value)]));
}

function valuesOf(value: IHeaders[string]): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
