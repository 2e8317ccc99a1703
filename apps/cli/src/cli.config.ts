import { pkcs11Settings } from '#pkcs11';
import { defineConfig, setting, type ConfigOf } from '#platform';

/** Defaults of the `kerege` command; every one has an option that goes before it. */
export const cliConfig = defineConfig('cli', {
  registryUrl: setting.text({
    env: 'KEREGE_REGISTRY_URL',
    default: 'http://127.0.0.1:8110',
    meaning: 'Registry that `kerege apply` and `kerege correction transfer` speak to.',
  }),
  gatewayUrl: setting.text({
    env: 'KEREGE_GATEWAY_URL',
    default: 'http://127.0.0.1:8080',
    meaning: 'Gateway that `kerege call` speaks to.',
  }),
  auditUrl: setting.text({
    env: 'KEREGE_AUDIT_URL',
    default: 'http://127.0.0.1:8100',
    meaning: 'URL of the log for which `kerege token` makes tokens.',
  }),
  feedbackUrl: setting.text({
    env: 'KEREGE_FEEDBACK_URL',
    default: 'http://127.0.0.1:8120',
    meaning:
      'Feedback that `kerege questions`, `correction`, `conceal` and `audit completeness` speak to, as it names itself.',
  }),
  issuerUrl: setting.text({
    env: 'KEREGE_ISSUER_URL',
    default: 'http://127.0.0.1:8150',
    meaning: 'Identity provider of the sandbox, where `kerege token --end-user` signs people in.',
  }),
  ...pkcs11Settings,
  registryClient: setting.text({
    env: 'KEREGE_REGISTRY_CLIENT',
    default: 'DEMO/registry1',
    meaning: 'By what the issuer knows the registry: the client as which `kerege login` signs officers in.',
  }),
  token: setting.optionalSecret({
    env: 'KEREGE_TOKEN',
    meaning: 'Token of an officer, for `kerege apply` and `kerege changes`; else the file of `kerege login` is read.',
  }),
  tokenFile: setting.path({
    env: 'KEREGE_TOKEN_FILE',
    default: './data/officer.token',
    meaning: 'Where `kerege login` keeps the token of an officer.',
  }),
  keysDir: setting.path({ env: 'KEREGE_KEYS_DIR', default: './data/keys', meaning: 'Folder of the private keys.' }),
  trustFile: setting.path({
    env: 'KEREGE_TRUST_FILE',
    default: './data/trust.json',
    meaning: 'trust.json that `kerege verify` and `kerege correction transfer` believe.',
  }),
  dataDir: setting.path({
    env: 'KEREGE_DATA_DIR',
    default: './data',
    meaning: 'Folder that `kerege reset` empties.',
  }),
});
export type CliConfig = ConfigOf<typeof cliConfig>;
