import { AppError } from '#kernel';
import { busErrors } from '../bus.errors.js';

/** Broker answers that condemn a record, not the broker: sending the same again cannot help. */
const RECORD_FAULTS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
]);
const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';
/** After these the connection or the client's picture of the cluster is suspect: a new client is made. */
const STALE_CLIENT = ['KafkaJSRequestTimeoutError', 'KafkaJSTopicMetadataNotLoaded', 'KafkaJSMetadataNotLoaded'];

export type FailureKind = 'record' | 'unknown-topic' | 'unavailable';

export interface KafkaFailure {
  readonly kind: FailureKind;
  /** The broker's or the library's own word for it; safe to log. */
  readonly reason: string;
  readonly isClientStale: boolean;
}

/** What an error of kafkajs means for us. Its wrappers (retries exceeded, non-retriable) hide the cause below. */
export function classify(cause: unknown): KafkaFailure {
  const chain = causesOf(cause);
  const words = chain.flatMap((error) => [typeOf(error), error.name]).filter((word) => word !== undefined);
  const isClientStale = words.some((word) => STALE_CLIENT.includes(word) || word === UNKNOWN_TOPIC);
  const fault = words.find((word) => RECORD_FAULTS.has(word));
  if (fault !== undefined) return { kind: 'record', reason: fault, isClientStale };
  if (words.includes(UNKNOWN_TOPIC)) return { kind: 'unknown-topic', reason: UNKNOWN_TOPIC, isClientStale };
  return { kind: 'unavailable', reason: words.at(-1) ?? 'unknown', isClientStale };
}

const CODE_OF = {
  record: 'bus-record-refused',
  'unknown-topic': 'bus-topic-unknown',
  unavailable: 'bus-unavailable',
} as const;

/** The error that a caller of the bus sees. */
export function toBusError(cause: unknown, details: Readonly<Record<string, unknown>> = {}): AppError {
  if (cause instanceof AppError) return cause;
  const { kind, reason } = classify(cause);
  return busErrors.error(CODE_OF[kind], { cause, details: { ...details, reason } });
}

function causesOf(cause: unknown): Error[] {
  const chain: Error[] = [];
  let current = cause;
  while (current instanceof Error && chain.length < 8) {
    chain.push(current);
    current = current.cause;
  }
  return chain;
}

function typeOf(error: Error): string | undefined {
  return 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}
