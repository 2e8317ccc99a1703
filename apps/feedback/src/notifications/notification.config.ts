import { setting } from '#platform';

const HOUR_MS = 60 * 60_000;

/** Settings of what persons are told, and how it reaches them. */
export const notificationSettings = {
  portalContacts: setting.list({
    env: 'KEREGE_FEEDBACK_PORTAL_CONTACTS',
    default: [],
    meaning:
      'Where each portal says what a handle stands for, as portal=https://…; who has none there is told by inbox and push alone.',
  }),
  portalLinks: setting.list({
    env: 'KEREGE_FEEDBACK_PORTAL_LINKS',
    default: [],
    meaning:
      'Where each portal shows a case, as portal=https://…; the public number is put behind it in what persons are told.',
  }),
  smtpHost: setting.text({
    env: 'KEREGE_FEEDBACK_SMTP_HOST',
    default: '',
    meaning:
      'Server that takes mails to persons; empty: no mails are sent. On this machine it is spoken to without TLS.',
  }),
  smtpPort: setting.port({ env: 'KEREGE_FEEDBACK_SMTP_PORT', default: 587, meaning: 'Its port.' }),
  smtpTls: setting.oneOf({
    env: 'KEREGE_FEEDBACK_SMTP_TLS',
    values: ['starttls', 'implicit'],
    default: 'starttls',
    meaning: 'Whether TLS begins with STARTTLS, which is then required, or with the connection.',
  }),
  smtpUser: setting.text({
    env: 'KEREGE_FEEDBACK_SMTP_USER',
    default: '',
    meaning: 'User at that server, with the password file.',
  }),
  smtpPasswordFile: setting.text({
    env: 'KEREGE_FEEDBACK_SMTP_PASSWORD_FILE',
    default: '',
    meaning: 'File of the password there; empty: no sign-in.',
  }),
  mailFrom: setting.text({
    env: 'KEREGE_FEEDBACK_MAIL_FROM',
    default: '',
    meaning: 'Address from which mails to persons come; needed where there is a server.',
  }),
  smsHookUrl: setting.text({
    env: 'KEREGE_FEEDBACK_SMS_HOOK_URL',
    default: '',
    meaning: 'Web hook of the gateway that brings SMS; empty: none are sent.',
  }),
  smsHookSecretFile: setting.text({
    env: 'KEREGE_FEEDBACK_SMS_HOOK_SECRET_FILE',
    default: '',
    meaning: 'File of the bearer secret that it is shown.',
  }),
  pushHookUrl: setting.text({
    env: 'KEREGE_FEEDBACK_PUSH_HOOK_URL',
    default: '',
    meaning: 'Web hook of the gateway that brings push messages; empty: none are sent.',
  }),
  pushHookSecretFile: setting.text({
    env: 'KEREGE_FEEDBACK_PUSH_HOOK_SECRET_FILE',
    default: '',
    meaning: 'File of the bearer secret that it is shown.',
  }),
  notificationTimeoutMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_NOTIFICATION_TIMEOUT_MS',
    default: 15_000,
    min: 100,
    meaning: 'Time for one question to a portal, one call of a hook, and each pause of a mail server.',
  }),
  notificationGiveUpMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_NOTIFICATION_GIVE_UP_MS',
    default: 72 * HOUR_MS,
    min: 10,
    meaning: 'How old a delivery gets until it is parked as FAILED; the inbox has it in any case.',
  }),
  notificationRetryFirstMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_NOTIFICATION_RETRY_FIRST_MS',
    default: 30_000,
    min: 10,
    meaning: 'Longest pause after the first failed attempt at a delivery; doubled with each further one.',
  }),
  notificationRetryLongestMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_NOTIFICATION_RETRY_LONGEST_MS',
    default: 6 * HOUR_MS,
    min: 10,
    meaning: 'Longest pause of all between attempts at a delivery.',
  }),
  notificationIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_NOTIFICATION_INTERVAL_MS',
    default: 2_000,
    min: 10,
    meaning: 'How often deliveries are looked for whose time has come; new ones are looked at in any case.',
  }),
};
