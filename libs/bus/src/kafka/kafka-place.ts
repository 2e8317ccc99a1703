import { busErrors } from '../bus.errors.js';
import type { KafkaTlsFiles } from './kafka-tls.js';

/** As `kafkaSettings` of the platform gives them to every app. */
export interface KafkaPlaceSettings {
  readonly kafkaBrokers: readonly string[];
  /** Empty: none. */
  readonly kafkaTlsCaFile: string;
  readonly kafkaTlsCertFile: string;
  readonly kafkaTlsKeyFile: string;
  readonly isKafkaPlaintextAllowed: boolean;
}

/** Where the broker is, and as whom this process comes to it. */
export interface KafkaPlace {
  readonly brokers: readonly string[];
  /** Absent: plain connections, which are for this machine alone. */
  readonly tls?: KafkaTlsFiles;
  /** To another machine all the same. */
  readonly isPlaintextAllowed?: boolean;
}

/** What an app's settings say of its broker; a part of the files for TLS is none. */
export function kafkaPlace(settings: KafkaPlaceSettings): KafkaPlace {
  const { kafkaBrokers: brokers, kafkaTlsCaFile: caFile, kafkaTlsCertFile: certFile } = settings;
  const { kafkaTlsKeyFile: keyFile, isKafkaPlaintextAllowed: isPlaintextAllowed } = settings;
  const files = { KAFKA_TLS_CA: caFile, KAFKA_TLS_CERT: certFile, KAFKA_TLS_KEY: keyFile };
  const missing = Object.entries(files).flatMap(([name, file]) => (file === '' ? [name] : []));
  if (missing.length === 3) return { brokers, isPlaintextAllowed };
  if (missing.length > 0) {
    const problems = missing.map((name) => `${name} is empty, while the others are not`);
    throw busErrors.error('bus-tls-files', { extensions: { problems } });
  }
  return { brokers, tls: { caFile, certFile, keyFile } };
}
