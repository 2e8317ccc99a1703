import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type LogEntry, type RetryOptions } from 'kafkajs';
import type { BusLogger } from '../logger.js';
import { keepLastBroker } from './broker-pool.js';
import { keepHeartbeats } from './consumer-group.js';
import type { KafkaTls } from './kafka-tls.js';
import { boundRecordHeaders } from './record-headers.js';
import { calmRequestQueues, timeRequestsSteadily } from './request-queue.js';

const KEEP_ALIVE_MS = 60_000;

/** How the client speaks to the broker; every default is a rule of `kafka.md` §2. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly connectionTimeoutMs: number;
  /** An answer that does not come within this time is taken for lost; the request is sent again. */
  readonly requestTimeoutMs: number;
  /** Mutual TLS; absent: plain connections, for loopback only. */
  readonly tls?: KafkaTls | undefined;
  readonly logger: BusLogger;
}

/** Retries of admin calls: the library's cap of 30 s would sleep through a broker's return. */
export const PATIENT = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8 };
/**
 * Consumers wait for their broker for about a minute, then they are replaced: a new one would have to wait until the
 * group has missed the old one, which is six seconds.
 */
export const ENDURING = { ...PATIENT, retries: 60 };
/** One retrying produce batch holds up all others, so it gives up early and its senders decide. */
export const IMPATIENT = { ...PATIENT, retries: 2 };

/** `retry` also holds for the connections below whatever is made of the client. */
export function createKafka(settings: KafkaSettings, retry: RetryOptions = PATIENT): Kafka {
  calmRequestQueues();
  timeRequestsSteadily();
  boundRecordHeaders();
  keepLastBroker();
  keepHeartbeats();
  return new Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry,
    socketFactory: sockets(settings.tls),
    // Only for its own words of what it does: the options are those of `sockets`.
    ssl: settings.tls !== undefined,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => forward(settings.logger, entry),
  });
}

/** The library's own factory leaves Nagle's algorithm on, which costs small requests up to 40 ms. */
function sockets(tls: KafkaTls | undefined): ISocketFactory {
  return ({ host, port, onConnect }) => {
    // By its name a broker behind a shared address is found.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      tls === undefined
        ? connect({ host, port }, onConnect)
        : connectTls({ host, port, ...name, ...tls.options() }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}

/** Fields that say where and why, never what: a record's content stays out of the log whatever the library adds. */
const LOGGED_FIELDS = ['groupId', 'topic', 'partition', 'broker', 'error', 'retryCount', 'retryTime'] as const;

function forward(logger: BusLogger, { level, log, namespace }: LogEntry): void {
  const fields: Record<string, unknown> = { client: namespace };
  for (const name of LOGGED_FIELDS) {
    const value: unknown = log[name];
    if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
  }
  // Everything that kafkajs calls an error it retries or we repair; what cannot be repaired is an error of the bus.
  if (level === logLevel.ERROR || level === logLevel.WARN) logger.warn(fields, log.message);
  else logger.debug(fields, log.message);
}
