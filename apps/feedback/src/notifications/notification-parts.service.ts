import { readFile } from 'node:fs/promises';
import { backOffMs } from '#deliveries';
import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import type { Signer } from '#signing';
import type { FeedbackConfig } from '../feedback.config.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { FeedbackEvents } from '../ops/feedback-metrics.service.js';
import { Contacts } from './contacts.service.js';
import type { Hook } from './hook.service.js';
import { NoticeInbox } from './inbox.service.js';
import { JsonPosts } from './json-post.service.js';
import { Mails, type MailSettings } from './mail.service.js';
import { NoticeDeliveryStore } from './notice-delivery.store.js';
import { NotificationStore } from './notification.store.js';
import { AT_ONCE, NotificationWorker } from './notification.worker.js';
import { notificationErrors } from './notifications.errors.js';
import { isSafeUrl, parsePortalPlaces, type PortalPlaces } from './portal-places.js';
import { PreferenceStore } from './preference.store.js';
import { Preferences } from './preferences.service.js';
import { Sending } from './sending.service.js';

/** What the settings come to, with the secrets that lie in files. */
export interface NotificationWays {
  readonly contacts: PortalPlaces;
  readonly links: PortalPlaces;
  readonly mail: MailSettings | undefined;
  readonly sms: Hook | undefined;
  readonly push: Hook | undefined;
}

export interface NotificationContext {
  readonly config: FeedbackConfig;
  readonly clock: Clock;
  readonly events: Pick<FeedbackEvents, 'notified' | 'failed'>;
  readonly database: Database;
  readonly keys: PersonKeys;
  readonly signer: () => Signer | undefined;
  readonly ways: NotificationWays;
}

export interface NotificationParts {
  readonly inbox: NoticeInbox;
  readonly preferences: Preferences;
  /** Cases add to it in their own transactions. */
  readonly store: NotificationStore;
  readonly worker: NotificationWorker;
  close(): Promise<void>;
}

/** Reads what is set, and refuses at the start what would fail at the first person. */
export async function readWays(config: FeedbackConfig): Promise<NotificationWays> {
  return {
    contacts: places('portalContacts', config.portalContacts),
    links: places('portalLinks', config.portalLinks),
    mail: await mailOf(config),
    sms: await hookOf('smsHookUrl', config.smsHookUrl, config.smsHookSecretFile),
    push: await hookOf('pushHookUrl', config.pushHookUrl, config.pushHookSecretFile),
  };
}

/** Notifications of cases, each part told of those that it needs. */
export function assembleNotifications(context: NotificationContext): NotificationParts {
  const { config, clock, events, database, keys, signer, ways } = context;
  const { contacts, links, mail, sms, push } = ways;
  const timeoutMs = config.notificationTimeoutMs;
  const store = new NotificationStore(database);
  const preferences = new Preferences({ database, store: new PreferenceStore(database), keys, clock });
  const posts = new JsonPosts(timeoutMs);
  const mails = mail && new Mails(mail);
  const asked = new Contacts({ posts, places: contacts, instanceId: config.instanceId, signer, clock });
  const backOff = { firstMs: config.notificationRetryFirstMs, longestMs: config.notificationRetryLongestMs };
  const worker = new NotificationWorker({
    ...{ store: new NoticeDeliveryStore(database), intervalMs: config.notificationIntervalMs },
    sending: new Sending({ keys, preferences, contacts: asked, posts, mails, sms, push, links }),
    rule: {
      giveUpMs: config.notificationGiveUpMs,
      pauseMs: (attempts) => backOffMs(attempts, backOff, Math.random()),
    },
    // The question to the portal, or the longest handover, with as much again for the database.
    leaseMs: 4 * timeoutMs + 10_000,
    told: events.notified,
    failed: (cause) => events.failed('notifications', cause),
  });
  const close = async () => {
    await worker.stop();
    mails?.close();
    await posts.close();
  };
  return { inbox: new NoticeInbox({ store, keys, clock, links }), preferences, store, worker, close };
}

function places(problem: string, entries: readonly string[]): PortalPlaces {
  const parsed = parsePortalPlaces(entries);
  if (!parsed.ok) throw unfit(problem);
  return parsed.value;
}

async function hookOf(problem: string, url: string, secretFile: string): Promise<Hook | undefined> {
  if (url === '') return undefined;
  if (!isSafeUrl(url) || secretFile === '') throw unfit(problem);
  return { url, secret: await secretIn(problem, secretFile) };
}

async function mailOf(config: FeedbackConfig): Promise<MailSettings | undefined> {
  const { smtpHost: host, smtpPort: port, smtpTls: tls, smtpUser: user, smtpPasswordFile, mailFrom: from } = config;
  if (host === '') return undefined;
  if (!/^[^\s@<>]+@[^\s@<>]+$/u.test(from)) throw unfit('mailFrom');
  if ((user === '') !== (smtpPasswordFile === '')) throw unfit('smtpUser');
  const password = smtpPasswordFile === '' ? undefined : await secretIn('smtpPasswordFile', smtpPasswordFile);
  const timeoutMs = config.notificationTimeoutMs;
  return { host, port, tls, user, password, from, timeoutMs, maxConnections: AT_ONCE };
}

async function secretIn(problem: string, file: string): Promise<string> {
  const secret = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (secret === '') throw unfit(problem);
  return secret;
}

/** What is set may hold a secret: only its name is said. */
function unfit(problem: string): Error {
  return notificationErrors.error('notification-settings', { extensions: { problem } });
}
