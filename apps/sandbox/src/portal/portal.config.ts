import { defineConfig, setting, type ConfigOf } from '#platform';

export const portalConfig = defineConfig('sandbox portal', {
  host: setting.text({ env: 'KEREGE_HOST', default: '127.0.0.1', meaning: 'Address to listen on.' }),
  port: setting.port({ env: 'KEREGE_PORTAL_PORT', default: 8145, meaning: 'Port to listen on.' }),
  keysDir: setting.path({
    env: 'KEREGE_KEYS_DIR',
    default: './data/keys',
    meaning: 'Where the key of its subsystem lies.',
  }),
  trustFile: setting.path({
    env: 'KEREGE_TRUST_FILE',
    default: './data/trust.json',
    meaning: 'The keys of the logs, which its pages pin.',
  }),
  issuerUrl: setting.text({
    env: 'KEREGE_PORTAL_ISSUER_URL',
    default: 'http://127.0.0.1:8150',
    meaning: 'The identity provider at which people sign in.',
  }),
  gatewayUrl: setting.text({
    env: 'KEREGE_PORTAL_GATEWAY_URL',
    default: 'http://127.0.0.1:8080',
    meaning: 'The gateway through which it asks and files for people.',
  }),
  mailPort: setting.port({
    env: 'KEREGE_PORTAL_MAIL_PORT',
    default: 8146,
    meaning: 'Port of the SMTP server that takes all mails to people and only shows them.',
  }),
  feedbackId: setting.text({
    env: 'KEREGE_PORTAL_FEEDBACK_ID',
    default: 'DEMO/feedback1',
    meaning: 'Feedback, as the registry knows it: it alone is told where people are reached.',
  }),
  feedbackUrl: setting.text({
    env: 'KEREGE_PORTAL_FEEDBACK_URL',
    default: 'http://127.0.0.1:8120',
    meaning: 'Feedback, as it names itself.',
  }),
});
export type PortalConfig = ConfigOf<typeof portalConfig>;
