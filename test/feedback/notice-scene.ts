import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Database } from '#postgres';
import { generateSigningKey, jwkSigner } from '#signing';
import { eventually } from '#testing';
import { feedbackConfig } from '../../apps/feedback/src/feedback.config.js';
import type { Wishes } from '../../apps/feedback/src/notifications/channel-policy.js';
import {
  assembleNotifications,
  type NotificationParts,
  type NotificationWays,
} from '../../apps/feedback/src/notifications/notification-parts.service.js';
import type { NoticeOutcome } from '../../apps/feedback/src/notifications/notification.worker.js';
import { CaseScene, PORTAL } from './case-scene.js';
import { ContactServer, HookServer, MailServer } from './notice-stand-ins.js';

const INSTANCE = 'TEST/feedback1';
export const HANDLE = 'h-7f3a';
export const CONTACT = { email: 'person@mail.example', sms: '+994500000001' };
export const EMAIL = { progress: ['email'] } as const;
export const SMS = { progress: ['sms'] } as const;

interface Row {
  readonly code: string;
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly why: string | null;
}

/** Cases, and who brings notifications of them over ways that end at servers of the test. */
export class NoticeScene {
  scene: CaseScene;
  mails: MailServer;
  hook: HookServer;
  contacts: ContactServer;
  outcomes: NoticeOutcome[];
  failures: unknown[];
  private smtpPort: number;
  private running: NotificationParts[];
  private readonly key = generateSigningKey();

  /** For the whole file: one database, fresh servers for each test. */
  static ofFile(): NoticeScene {
    const at = new NoticeScene();
    beforeAll(async () => void (at.scene = await CaseScene.create()));
    afterAll(() => at.scene.close());
    beforeEach(() => at.begin());
    afterEach(() => at.end());
    return at;
  }

  private async begin(): Promise<void> {
    await this.scene.feedback.query('DELETE FROM notification_delivery');
    [this.running, this.outcomes, this.failures] = [[], [], []];
    this.mails = new MailServer();
    this.smtpPort = await this.mails.listen();
    this.hook = new HookServer();
    await this.hook.listen();
    const keyOf = (kid: string) => (kid === this.key.kid ? this.key : undefined);
    this.contacts = new ContactServer({ [HANDLE]: CONTACT }, INSTANCE, keyOf);
    await this.contacts.listen();
  }

  private async end(): Promise<void> {
    await Promise.all(this.running.map((one) => one.close()));
    await Promise.all([this.mails.close(), this.hook.close(), this.contacts.close()]);
  }

  /** A process that brings notifications, over these ways. */
  process(
    ways: Partial<NotificationWays> = {},
    { database = this.scene.feedback, giveUpMs = 60_000 }: { database?: Database; giveUpMs?: number } = {},
  ): NotificationParts {
    const loaded = feedbackConfig.load({ DATABASE_URL: '-', KEREGE_FEEDBACK_KEYS_DATABASE_URL: '-' });
    const parts = assembleNotifications({
      config: {
        ...{ ...loaded, instanceId: INSTANCE, notificationTimeoutMs: 1_000, notificationIntervalMs: 20 },
        ...{ notificationRetryFirstMs: 20, notificationRetryLongestMs: 50, notificationGiveUpMs: giveUpMs },
      },
      events: {
        notified: (outcome) => void this.outcomes.push(outcome),
        failed: (_what, cause) => void this.failures.push(cause),
      },
      ...{ clock: { now: () => Date.now() }, database, keys: this.scene.process().keys },
      signer: () => jwkSigner(this.key),
      ways: {
        contacts: new Map([[PORTAL, this.contacts.url]]),
        links: new Map([[PORTAL, 'https://portal.example/cases#']]),
        ...{ mail: undefined, sms: undefined, push: undefined, ...ways },
      },
    });
    this.running.push(parts);
    return parts;
  }

  byMail(port = this.smtpPort): Partial<NotificationWays> {
    return {
      mail: {
        ...{ host: '127.0.0.1', port, tls: 'starttls', user: '', password: undefined, from: 'kerege@bus.example' },
        ...{ timeoutMs: 400, maxConnections: 8 },
      },
    };
  }

  bySms(): Partial<NotificationWays> {
    return { sms: { url: this.hook.url, secret: 'sms-secret' } };
  }

  byPush(): Partial<NotificationWays> {
    return { push: { url: this.hook.url, secret: 'push-secret' } };
  }

  /** A case that is filed and whose person wishes this; `submitted` is told. */
  async told(parts: NotificationParts, channels: Wishes['channels'], handle = HANDLE): Promise<string> {
    const id = await this.scene.filed();
    const user = { country: 'TEST', type: 'PIN', code: id.slice(-8).toUpperCase() };
    const caller = { portal: PORTAL, person: { user, represents: [] } } as never;
    await parts.preferences.put(caller, undefined, { handle, language: 'en', channels });
    await this.scene.settle();
    return id;
  }

  rows(caseId: string): Promise<Row[]> {
    return this.scene.feedback.query(
      `SELECT code, channel, delivery.state, attempts, why
         FROM notification_delivery AS delivery JOIN notification AS told ON told.id = notification_id
        WHERE case_id = $1 ORDER BY seq, channel`,
      [caseId],
    );
  }

  async ended(caseId: string, channel: string): Promise<Row> {
    const isOver = ({ state }: Row) => !/WAITING|SENDING/.test(state);
    return eventually(async () => (await this.rows(caseId)).find((row) => row.channel === channel && isOver(row)), {
      timeoutMs: 20_000,
    });
  }
}
