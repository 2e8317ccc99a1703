import { defineConfig, setting, type ConfigOf } from '#platform';

export const sandboxConfig = defineConfig('sandbox', {
  portBase: setting.integer({
    env: 'KEREGE_PORT_BASE',
    default: 8080,
    min: 1024,
    max: 65_300,
    meaning: 'Port of the gateway; every other port of the sandbox lies at a fixed distance above it.',
  }),
  dataDir: setting.path({ env: 'KEREGE_DATA_DIR', default: './data', meaning: 'All that the sandbox keeps.' }),
  databaseUrl: setting.text({
    env: 'DATABASE_URL',
    default: '',
    meaning: 'PostgreSQL to use instead of the embedded one; each app makes its own schema in it.',
  }),
  kafkaBrokers: setting.list({
    env: 'KAFKA_BROKERS',
    default: [],
    meaning: 'Brokers to use instead of a local Apache Kafka, as host:port.',
  }),
});
export type SandboxConfig = ConfigOf<typeof sandboxConfig>;
