import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { toBase64Url } from '#kernel';
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
import { NoticeDeliveryStore } from '../../apps/feedback/src/notifications/notice-delivery.store.js';
import type { NoticeOutcome } from '../../apps/feedback/src/notifications/notification.worker.js';
import { CaseScene, PORTAL } from './case-scene.js';
import { ContactServer, HookServer, MailServer, SilentServer } from './notice-stand-ins.js';

jest.setTimeout(120_000);

const INSTANCE = 'TEST/feedback1';
const HANDLE = 'h-7f3a';
const CONTACT = { email: 'person@mail.example', sms: '+994500000001' };
const key = generateSigningKey();
const HASH = `h1:${toBase64Url(randomBytes(32))}`;
const salt = () => toBase64Url(randomBytes(32));

let scene: CaseScene;
let mails: MailServer;
let smtpPort: number;
let hook: HookServer;
let contacts: ContactServer;
let running: NotificationParts[];
let outcomes: NoticeOutcome[];
let failures: unknown[];

beforeAll(async () => {
  scene = await CaseScene.create();
});
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.feedback.query('DELETE FROM notification_delivery');
  [running, outcomes, failures] = [[], [], []];
  mails = new MailServer();
  smtpPort = await mails.listen();
  hook = new HookServer();
  await hook.listen();
  contacts = new ContactServer({ [HANDLE]: CONTACT }, INSTANCE, (kid) => (kid === key.kid ? key : undefined));
  await contacts.listen();
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
  await Promise.all([mails.close(), hook.close(), contacts.close()]);
});

/** A process that brings notifications, over these ways. */
function process(ways: Partial<NotificationWays> = {}, database: Database = scene.feedback, giveUpMs = 60_000) {
  const loaded = feedbackConfig.load({ DATABASE_URL: '-', KEREGE_FEEDBACK_KEYS_DATABASE_URL: '-' });
  const parts = assembleNotifications({
    config: {
      ...{ ...loaded, instanceId: INSTANCE, notificationTimeoutMs: 400, notificationIntervalMs: 20 },
      ...{ notificationRetryFirstMs: 20, notificationRetryLongestMs: 50, notificationGiveUpMs: giveUpMs },
    },
    events: { notified: (outcome) => void outcomes.push(outcome), failed: (_what, cause) => void failures.push(cause) },
    ...{ clock: { now: () => Date.now() }, database, keys: scene.process().keys, signer: () => jwkSigner(key) },
    ways: {
      ...{ contacts: new Map([[PORTAL, contacts.url]]), links: new Map([[PORTAL, 'https://portal.example/cases#']]) },
      ...{ mail: undefined, sms: undefined, push: undefined, ...ways },
    },
  });
  running.push(parts);
  return parts;
}

const byMail = (port = smtpPort): Partial<NotificationWays> => ({
  mail: {
    ...{ host: '127.0.0.1', port, tls: 'starttls', user: '', password: undefined, from: 'kerege@bus.example' },
    ...{ timeoutMs: 400, maxConnections: 8 },
  },
});
const bySms = (url = hook.url): Partial<NotificationWays> => ({ sms: { url, secret: 'sms-secret' } });
const byPush = (url = hook.url): Partial<NotificationWays> => ({ push: { url, secret: 'push-secret' } });

/** A case that is filed and whose person wishes this; `submitted` is told. */
async function told(parts: NotificationParts, channels: Wishes['channels'], handle = HANDLE): Promise<string> {
  const id = await scene.filed();
  const user = { country: 'TEST', type: 'PIN', code: id.slice(-8).toUpperCase() };
  const caller = { portal: PORTAL, person: { user, represents: [] } } as never;
  await parts.preferences.put(caller, undefined, { handle, language: 'en', channels });
  await scene.settle();
  return id;
}

interface Row {
  readonly code: string;
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly why: string | null;
}

function rows(caseId: string): Promise<Row[]> {
  return scene.feedback.query(
    `SELECT code, channel, delivery.state, attempts, why
       FROM notification_delivery AS delivery JOIN notification AS told ON told.id = notification_id
      WHERE case_id = $1 ORDER BY seq, channel`,
    [caseId],
  );
}

async function ended(caseId: string, channel: string): Promise<Row> {
  return eventually(
    async () => (await rows(caseId)).find((row) => row.channel === channel && !/WAITING|SENDING/.test(row.state)),
    { timeoutMs: 20_000 },
  );
}

const EMAIL = { progress: ['email'] } as const;
const SMS = { progress: ['sms'] } as const;

describe('what a person is told', () => {
  it('is each step of their case, once, whatever is done twice', async () => {
    const id = await scene.filed();
    await scene.settle();
    await scene.acts(
      ...[id, { act: 'receive', receiptOver: (await scene.kept(id)).record.requestDoc ?? '' } as const],
      { act: 'start' },
      { act: 'request-info', question: 'document-needed', salt: salt() },
    );
    for (let day = 0; day < 20; day += 1) {
      scene.nowMs += 86_400_000;
      await scene.settle();
    }
    await scene.acts(
      id,
      { act: 'extend', reason: 'study-needed' },
      {
        ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
        ...{ remedies: [], accepted: [0], approvedBy: 'officer-1', salt: salt() },
      },
      {
        act: 'correct',
        values: [{ item: 0, newValueHash: HASH }],
        effectiveFrom: '2001-08-22',
        salt: salt(),
      },
    );
    await scene.oldValueSeen(id);
    await scene.settle();
    const codes = await scene.feedback.query<{ code: string; seq: number }>(
      'SELECT code, seq FROM notification WHERE case_id = $1 ORDER BY seq',
      [id],
    );
    const told = codes.map(({ code }) => code).filter((code) => !['near', 'missed', 'escalated'].includes(code));
    expect(told).toEqual([
      ...['submitted', 'received', 'info-requested', 'extended', 'decided', 'corrected', 'reopened'],
    ]);
    const terms = (await scene.steps(id)).filter(({ type }) => /deadline|escalated/.test(type));
    expect(codes.length).toBe(told.length + terms.length);
    expect((await rows(id)).length).toBe(3 * codes.length);
  });

  it('goes nowhere but the inbox while nobody knows where they are', async () => {
    const parts = process({ ...byMail(), ...bySms(), ...byPush() });
    const id = await scene.filed();
    await scene.settle();
    parts.worker.start();
    await Promise.all(['push', 'email', 'sms'].map((channel) => ended(id, channel)));
    expect((await rows(id)).map(({ state, why }) => `${state} ${why}`)).toEqual(Array(3).fill('SUPPRESSED no-handle'));
  });

  it('is a push by default, and no SMS: that costs money', async () => {
    const parts = process({ ...byMail(), ...bySms(), ...byPush() });
    const id = await told(parts, {});
    parts.worker.start();
    expect(await ended(id, 'push')).toMatchObject({ state: 'SENT' });
    expect(await ended(id, 'email')).toMatchObject({ state: 'SUPPRESSED', why: 'not-wanted' });
    expect(await ended(id, 'sms')).toMatchObject({ state: 'SUPPRESSED', why: 'not-wanted' });
    const { publicNumber } = (await scene.kept(id)).record;
    const text = `Your request is registered: ${publicNumber} https://portal.example/cases#${publicNumber}`;
    const [call] = hook.calls;
    expect(call).toMatchObject({
      authorization: 'Bearer push-secret',
      body: { channel: 'push', handle: HANDLE, text, id: call?.key },
    });
    expect(contacts.asked).toEqual([]);
  });
});

describe('a mail', () => {
  it('holds number and link alone, under a stable id', async () => {
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 1 });
    const { publicNumber } = (await scene.kept(id)).record;
    const [mail] = mails.taken;
    expect(mail).toMatchObject({ to: CONTACT.email, from: 'kerege@bus.example', subject: `Request ${publicNumber}` });
    expect(mail?.text.trim().split('\n\n')).toEqual([
      ...[`Your request is registered: ${publicNumber}.`, `https://portal.example/cases#${publicNumber}`],
      'This message was sent automatically. You choose at the portal what you are told.',
    ]);
    const [delivery] = await scene.feedback.query<{ id: string }>(
      "SELECT id FROM notification_delivery WHERE channel = 'email'",
    );
    expect(mail?.messageId).toBe(`<${delivery?.id}@bus.example>`);
  });

  it.each<[string, MailServer['replies']]>([
    ['is refused for now before its body', [{ at: 'mail', code: 451 }, 'take']],
    ['is refused for now instead of its recipient', [{ at: 'rcpt', code: 450 }, 'take']],
    ['is refused for now after its body', [{ at: 'data', code: 451 }, 'take']],
  ])('comes once where it %s', async (_what, replies) => {
    mails.replies = [...replies];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(mails.taken.length).toBe(1);
  });

  it('is tried again where its sender is refused, which says nothing of this one', async () => {
    mails.replies = [{ at: 'mail', code: 550 }, 'take'];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(outcomes.filter(({ channel }) => channel === 'email').map(({ why }) => why)).toEqual([
      'smtp-550',
      undefined,
    ]);
  });

  it('is parked at once where its body is refused for good', async () => {
    mails.replies = [{ at: 'data', code: 554 }];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'smtp-554' });
  });

  it('is parked at once where its recipient is refused for good', async () => {
    mails.replies = [{ at: 'rcpt', code: 550 }];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'smtp-550' });
  });

  it('is parked when it is too old where nobody listens', async () => {
    await mails.close();
    const parts = process(byMail(), scene.feedback, 500);
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'smtp-unreachable' });
    mails = new MailServer();
    await mails.listen();
  });

  it('is tried again where the server is silent, since it never asked for the body', async () => {
    const silent = new SilentServer();
    const parts = process(byMail(await silent.listen()), scene.feedback, 1_500);
    const id = await told(parts, EMAIL);
    parts.worker.start();
    await eventually(() => silent.connections >= 2, { timeoutMs: 20_000 });
    expect(await ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'smtp-unreachable' });
    await silent.close();
  });

  it('is not sent again where the server was gone after its body', async () => {
    mails.replies = ['cut'];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'UNCERTAIN', attempts: 1, why: 'smtp-cut' });
    expect(mails.bodies).toBe(1);
  });
});

describe('a hook', () => {
  it.each<[string, HookServer['replies']]>([
    ['says 503', [503]],
    ['sends elsewhere', [302]],
  ])('is asked again where it %s', async (_what, replies) => {
    hook.replies = [...replies];
    const parts = process(bySms());
    const id = await told(parts, SMS);
    parts.worker.start();
    expect(await ended(id, 'sms')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(hook.calls.map(({ body }) => body['url'])).toEqual(['/messages', '/messages']);
    expect(new Set(hook.calls.map(({ key: one }) => one)).size).toBe(1);
    expect(hook.calls[0]?.body).toMatchObject({ channel: 'sms', address: CONTACT.sms });
  });

  it.each<[string, HookServer['replies']]>([
    ['says nothing', ['hang']],
    ['goes away', ['cut']],
    ['fails', [500]],
    ['has somebody behind it fail', [502]],
  ])('that %s may have brought the SMS: it is asked for none again', async (_what, replies) => {
    hook.replies = [...replies];
    const parts = process(bySms());
    const id = await told(parts, SMS);
    parts.worker.start();
    expect(await ended(id, 'sms')).toMatchObject({
      state: 'UNCERTAIN',
      attempts: 1,
      why: expect.stringMatching(/^hook-(silent|50[02])$/u),
    });
    expect(hook.calls.length).toBe(1);
  });

  it('that says nothing is handed a push again, under the same key', async () => {
    hook.replies = ['hang', 'cut', 500];
    const parts = process(byPush());
    const id = await told(parts, {});
    parts.worker.start();
    expect(await ended(id, 'push')).toMatchObject({ state: 'SENT', attempts: 4 });
    expect(new Set(hook.calls.map(({ key: one }) => one)).size).toBe(1);
  });

  it('that refuses for good is left alone', async () => {
    hook.replies = [422];
    const parts = process(byPush());
    const id = await told(parts, {});
    parts.worker.start();
    expect(await ended(id, 'push')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'hook-422' });
  });
});

describe('a portal', () => {
  it('that does not answer is asked again; nothing was sent meanwhile', async () => {
    contacts.replies = [503, 302];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 3 });
    expect(contacts.asked.map(({ status }) => status)).toEqual([503, 302, 200]);
    expect(mails.taken.length).toBe(1);
  });

  it.each<[string, number | string]>([
    ['404, which may be a proxy’s', 404],
    ['what is no JSON', '<html>Sign in</html>'],
    ['no address and no null', '{}'],
    ['what is no address', '{"address":"nobody"}'],
    ['more than any answer is', JSON.stringify({ address: null, more: 'x'.repeat(5_000) })],
  ])('that answers %s is asked again', async (_what, reply) => {
    contacts.replies = [reply];
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    const whys = outcomes.filter(({ channel }) => channel === 'email').map(({ why }) => why);
    expect(whys).toEqual([reply === 404 ? 'contact-404' : 'contact-malformed', undefined]);
  });

  it('that is away for good parks it when it is too old', async () => {
    await contacts.close();
    const parts = process(byMail(), scene.feedback, 500);
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'contact-unreachable' });
    await contacts.listen();
  });

  it('that says that there is no address has the inbox alone', async () => {
    const parts = process(byMail());
    const id = await told(parts, EMAIL, 'h-unknown');
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SUPPRESSED', why: 'no-address' });
  });
});

describe('a fault that is not the delivery’s', () => {
  it('ends none before its time, however often it was tried', async () => {
    contacts.replies = Array<number>(14).fill(401);
    const parts = process(byMail());
    const id = await told(parts, EMAIL);
    parts.worker.start();
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 15 });
  });

  it('has it tried again after a pause where a database of ours is away before anything left', async () => {
    let isAway = false;
    const query: Database['query'] = (sql, parameters) =>
      isAway && sql.includes('FROM notification_preference')
        ? Promise.reject(new TypeError('away'))
        : scene.feedback.query(sql, parameters);
    const parts = process(byMail(), Object.assign(Object.create(scene.feedback) as Database, { query }));
    const id = await told(parts, EMAIL);
    isAway = true;
    parts.worker.start();
    await eventually(() => outcomes.some(({ state, why }) => state === 'WAITING' && why === 'prepare-failed'));
    isAway = false;
    expect(await ended(id, 'email')).toMatchObject({ state: 'SENT' });
    expect(failures.length).toBeGreaterThan(0);
    expect(mails.taken.length).toBe(1);
  });

  it('stands still in the status only where a delivery is due, and not in its pause', async () => {
    const parts = process(byMail());
    await told(parts, EMAIL);
    const due = (ms: number) =>
      scene.feedback.query(
        `UPDATE notification_delivery SET state = 'SENDING', made_ms = 0,
                due_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $1::bigint`,
        [ms],
      );
    const store = new NoticeDeliveryStore(scene.feedback);
    await due(3_600_000);
    expect((await store.sizes('email')).overdueMs).toBe(0);
    await due(-900_000);
    expect((await store.sizes('email')).overdueMs).toBeGreaterThanOrEqual(900_000);
  });
});

describe('a process that ends between sending and writing it down', () => {
  /** Nothing says how an attempt ended, as if the process were gone. */
  const forgetful = () => {
    const query: Database['query'] = (sql, parameters) =>
      sql.includes('SET state = $3') ? Promise.reject(new TypeError('gone')) : scene.feedback.query(sql, parameters);
    return Object.assign(Object.create(scene.feedback) as Database, { query });
  };

  async function crashed(ways: Partial<NotificationWays>, channels: Wishes['channels'], channel: string) {
    const first = process(ways, forgetful());
    const id = await told(first, channels);
    first.worker.start();
    await eventually(() => failures.length > 0, { timeoutMs: 20_000 });
    await first.close();
    const of = async () => (await rows(id)).find((row) => row.channel === channel);
    await eventually(async () => (await of())?.state === 'SENDING');
    const second = process(ways);
    second.worker.start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Its lease still holds: it could be alive.
    expect((await of())?.state).toBe('SENDING');
    await scene.feedback.query("UPDATE notification_delivery SET due_ms = 0 WHERE state = 'SENDING'");
    return ended(id, channel);
  }

  it('leaves a mail uncertain, and sends it no second time', async () => {
    const row = await crashed(byMail(), EMAIL, 'email');
    expect(row).toMatchObject({ state: 'UNCERTAIN', why: 'interrupted' });
    expect(mails.taken.length).toBe(1);
  });

  it('leaves an SMS uncertain, and sends it no second time', async () => {
    const row = await crashed(bySms(), SMS, 'sms');
    expect(row).toMatchObject({ state: 'UNCERTAIN', why: 'interrupted' });
    expect(hook.calls.length).toBe(1);
  });

  it('has a push repeated under its key', async () => {
    expect(await crashed(byPush(), {}, 'push')).toMatchObject({ state: 'SENT' });
    expect(hook.calls.length).toBe(2);
    expect(new Set(hook.calls.map(({ key: one }) => one)).size).toBe(1);
  });
});

it('is brought once by two processes side by side', async () => {
  const [first, second] = [process(byPush()), process(byPush())];
  const ids: string[] = [];
  for (let n = 0; n < 6; n += 1) ids.push(await told(first, {}));
  for (const { worker } of [first, second]) worker.start();
  for (const id of ids) expect(await ended(id, 'push')).toMatchObject({ state: 'SENT', attempts: 1 });
  expect(hook.calls.length).toBe(6);
});
