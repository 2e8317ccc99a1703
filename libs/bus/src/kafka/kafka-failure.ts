import { AppError } from '#kernel';
import { busErrors } from '../bus.errors.js';

/** Broker answers that condemn a record, not the broker: sending the same again cannot help. */
const RECORD_FAULTS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
]);
/** The broker's access lists do not name us for what we asked. */
const DENIED: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);
/** Node's words for a handshake that one of the two sides ended. */
const HANDSHAKE =
  /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|INVALID_CA$|HOSTNAME_MISMATCH$|CRL_)/;
const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';
/** After these the connection or the client's picture of the cluster is suspect: a new client is made. */
const STALE_CLIENT = ['KafkaJSRequestTimeoutError', 'KafkaJSTopicMetadataNotLoaded', 'KafkaJSMetadataNotLoaded'];

export type FailureKind = 'record' | 'denied' | 'unknown-topic' | 'tls' | 'unavailable';

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
  const denied = words.find((word) => DENIED.has(word));
  // A client that once asked for a topic asks for it again with every other, and fails with it.
  const isClientStale =
    denied !== undefined || words.some((word) => STALE_CLIENT.includes(word) || word === UNKNOWN_TOPIC);
  const fault = words.find((word) => RECORD_FAULTS.has(word));
  if (fault !== undefined) return { kind: 'record', reason: fault, isClientStale };
  if (denied !== undefined) return { kind: 'denied', reason: denied, isClientStale };
  const handshake = chain.map(codeOf).find((code) => code !== undefined && HANDSHAKE.test(code));
  if (handshake !== undefined) return { kind: 'tls', reason: handshake, isClientStale };
  if (words.includes(UNKNOWN_TOPIC)) return { kind: 'unknown-topic', reason: UNKNOWN_TOPIC, isClientStale };
  return { kind: 'unavailable', reason: words.at(-1) ?? 'unknown', isClientStale };
}

const CODE_OF = {
  record: 'bus-record-refused',
  denied: 'bus-access-denied',
  'unknown-topic': 'bus-topic-unknown',
  tls: 'bus-tls-refused',
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
    current = current.cause ?? firstOf(current);
  }
  return chain;
}

/** Of the errors of several topics, which kafkajs hands over as one. */
function firstOf(error: Error): unknown {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : undefined;
}

function typeOf(error: Error): string | undefined {
  return 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
