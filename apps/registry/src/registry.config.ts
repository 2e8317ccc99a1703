import { pkcs11Settings } from '#pkcs11';
import {
  databaseRoleSettings,
  defineConfig,
  httpSettings,
  identitySettings,
  kafkaSettings,
  setting,
  tlsSettings,
  type ConfigOf,
} from '#platform';

/** Settings of the registry. */
export const registryConfig = defineConfig('registry', {
  ...httpSettings(8110),
  ...tlsSettings('REGISTRY'),
  ...identitySettings('DEMO/registry1'),
  ...pkcs11Settings,
  ...databaseRoleSettings,
  databaseUrl: setting.secret({ env: 'DATABASE_URL', meaning: 'PostgreSQL; the tables lie in the schema "registry".' }),
  ...kafkaSettings,
  firstAudits: setting.list({
    env: 'KEREGE_REGISTRY_FIRST_AUDITS',
    default: [],
    meaning:
      'INSTANCE/id of the audits that get rights on the bus before the first definition names one, where the broker keeps access lists: without the log nothing can be published.',
  }),
  statusPeers: setting.list({
    env: 'KEREGE_REGISTRY_STATUS_PEERS',
    default: [],
    meaning: 'INSTANCE/id=URL of every other process of the instance, which GET /v1/status asks how it stands.',
  }),
  poolSize: setting.integer({
    env: 'KEREGE_REGISTRY_POOL_SIZE',
    default: 5,
    min: 2,
    max: 100,
    unit: 'connections',
    meaning: 'Connections to PostgreSQL at most.',
  }),
  renewEveryMs: setting.durationMs({
    env: 'KEREGE_REGISTRY_RENEW_EVERY_MS',
    default: 60_000,
    min: 100,
    meaning: 'How often the manifest is renewed.',
  }),
  manifestLifetimeMs: setting.durationMs({
    env: 'KEREGE_REGISTRY_MANIFEST_LIFETIME_MS',
    default: 600_000,
    min: 1_000,
    max: 7_200_000,
    meaning: 'How long a manifest is valid; without renewal all traffic stops after it.',
  }),
});

export type RegistryConfig = ConfigOf<typeof registryConfig>;
