export { localErrors } from './local.errors.js';
export { freePort, isPortFree } from './free-port.js';
export { ManagedProcess, spawnProcess, type ProcessEnd, type ProcessOptions } from './process.js';
export { startPostgres, type LocalPostgres, type LocalPostgresOptions } from './postgres.js';
export { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
export { findKafka, KAFKA_VERSION, type KafkaAbsence, type KafkaHome } from './kafka-jars.js';
export {
  startKafka,
  type ExtraListener,
  type KafkaSecurity,
  type LocalKafka,
  type LocalKafkaOptions,
} from './kafka.js';
export { cacheDirectory, repositoryRoot } from './repository.js';
export { writeWhole } from './write-whole.js';
export { ensureDatabase } from './postgres-database.js';
export { provisionRoles, type RoleProvision, type SchemaRoles } from './postgres-roles.js';
export { CertificateAuthority, type Issued } from './certificate-authority.js';
export { ensureKafkaCertificates, type KafkaCertificates, type KafkaCredentialFiles } from './kafka-certificates.js';
