import { describe, expect, it, jest } from '@jest/globals';
import type { Database } from '#postgres';
import { eventually } from '#testing';
import { NoticeDeliveryStore } from '../../apps/feedback/src/notifications/notice-delivery.store.js';
import { CONTACT, EMAIL, NoticeScene, SMS } from './notice-scene.js';
import { MailServer, SilentServer, type HookServer } from './notice-stand-ins.js';

jest.setTimeout(120_000);

const at = NoticeScene.ofFile();

describe('a mail', () => {
  it('holds number and link alone, under a stable id', async () => {
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 1 });
    const { publicNumber } = (await at.scene.kept(id)).record;
    const [mail] = at.mails.taken;
    expect(mail).toMatchObject({ to: CONTACT.email, from: 'kerege@bus.example', subject: `Request ${publicNumber}` });
    expect(mail?.text.trim().split('\n\n')).toEqual([
      ...[`Your request is registered: ${publicNumber}.`, `https://portal.example/cases#${publicNumber}`],
      'This message was sent automatically. You choose at the portal what you are told.',
    ]);
    const [delivery] = await at.scene.feedback.query<{ id: string }>(
      "SELECT id FROM notification_delivery WHERE channel = 'email'",
    );
    expect(mail?.messageId).toBe(`<${delivery?.id}@bus.example>`);
  });

  it.each<[string, MailServer['replies']]>([
    ['is refused for now before its body', [{ at: 'mail', code: 451 }, 'take']],
    ['is refused for now instead of its recipient', [{ at: 'rcpt', code: 450 }, 'take']],
    ['is refused for now after its body', [{ at: 'data', code: 451 }, 'take']],
  ])('comes once where it %s', async (_what, replies) => {
    at.mails.replies = [...replies];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(at.mails.taken.length).toBe(1);
  });

  it('is tried again where its sender is refused, which says nothing of this one', async () => {
    at.mails.replies = [{ at: 'mail', code: 550 }, 'take'];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(at.outcomes.filter(({ channel }) => channel === 'email').map(({ why }) => why)).toEqual([
      'smtp-550',
      undefined,
    ]);
  });

  it('is parked at once where its body is refused for good', async () => {
    at.mails.replies = [{ at: 'data', code: 554 }];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'smtp-554' });
  });

  it('is parked at once where its recipient is refused for good', async () => {
    at.mails.replies = [{ at: 'rcpt', code: 550 }];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'smtp-550' });
  });

  it('is parked when it is too old where nobody listens', async () => {
    await at.mails.close();
    const parts = at.process(at.byMail(), { giveUpMs: 500 });
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'smtp-unreachable' });
    at.mails = new MailServer();
    await at.mails.listen();
  });

  it('is tried again where the server is silent, since it never asked for the body', async () => {
    const silent = new SilentServer();
    const parts = at.process(at.byMail(await silent.listen()), { giveUpMs: 1_500 });
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    await eventually(() => silent.connections >= 2, { timeoutMs: 20_000 });
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'smtp-unreachable' });
    await silent.close();
  });

  it('is not sent again where the server was gone after its body', async () => {
    at.mails.replies = ['cut'];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'UNCERTAIN', attempts: 1, why: 'smtp-cut' });
    expect(at.mails.bodies).toBe(1);
  });
});

describe('a hook', () => {
  it.each<[string, HookServer['replies']]>([
    ['says 503', [503]],
    ['sends elsewhere', [302]],
  ])('is asked again where it %s', async (_what, replies) => {
    at.hook.replies = [...replies];
    const parts = at.process(at.bySms());
    const id = await at.told(parts, SMS);
    parts.worker.start();
    expect(await at.ended(id, 'sms')).toMatchObject({ state: 'SENT', attempts: 2 });
    expect(at.hook.calls.map(({ body }) => body['url'])).toEqual(['/messages', '/messages']);
    expect(new Set(at.hook.calls.map(({ key: one }) => one)).size).toBe(1);
    expect(at.hook.calls[0]?.body).toMatchObject({ channel: 'sms', address: CONTACT.sms });
  });

  it.each<[string, HookServer['replies']]>([
    ['says nothing', ['hang']],
    ['goes away', ['cut']],
    ['fails', [500]],
    ['has somebody behind it fail', [502]],
  ])('that %s may have brought the SMS: it is asked for none again', async (_what, replies) => {
    at.hook.replies = [...replies];
    const parts = at.process(at.bySms());
    const id = await at.told(parts, SMS);
    parts.worker.start();
    const ended = await at.ended(id, 'sms');
    expect(ended).toMatchObject({ state: 'UNCERTAIN', attempts: 1 });
    expect(ended.why).toMatch(/^hook-(silent|50[02])$/);
    expect(at.hook.calls.length).toBe(1);
  });

  it('that says nothing is handed a push again, under the same key', async () => {
    at.hook.replies = ['hang', 'cut', 500];
    const parts = at.process(at.byPush());
    const id = await at.told(parts, {});
    parts.worker.start();
    expect(await at.ended(id, 'push')).toMatchObject({ state: 'SENT', attempts: 4 });
    expect(new Set(at.hook.calls.map(({ key: one }) => one)).size).toBe(1);
  });

  it('that refuses for good is left alone', async () => {
    at.hook.replies = [422];
    const parts = at.process(at.byPush());
    const id = await at.told(parts, {});
    parts.worker.start();
    expect(await at.ended(id, 'push')).toMatchObject({ state: 'FAILED', attempts: 1, why: 'hook-422' });
  });
});

describe('a portal', () => {
  it('that does not answer is asked again; nothing was sent meanwhile', async () => {
    at.contacts.replies = [503, 302];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 3 });
    expect(at.contacts.asked.map(({ status }) => status)).toEqual([503, 302, 200]);
    expect(at.mails.taken.length).toBe(1);
  });

  it.each<[string, number | string]>([
    ['404, which may be a proxy’s', 404],
    ['what is no JSON', '<html>Sign in</html>'],
    ['no address and no null', '{}'],
    ['what is no address', '{"address":"nobody"}'],
    ['more than any answer is', JSON.stringify({ address: null, more: 'x'.repeat(5_000) })],
  ])('that answers %s is asked again', async (_what, reply) => {
    at.contacts.replies = [reply];
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 2 });
    const whys = at.outcomes.filter(({ channel }) => channel === 'email').map(({ why }) => why);
    expect(whys).toEqual([reply === 404 ? 'contact-404' : 'contact-malformed', undefined]);
  });

  it('that is away for good parks it when it is too old', async () => {
    await at.contacts.close();
    const parts = at.process(at.byMail(), { giveUpMs: 500 });
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', why: 'contact-unreachable' });
    await at.contacts.listen();
  });

  it('that says that there is no address has the inbox alone', async () => {
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL, 'h-unknown');
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SUPPRESSED', why: 'no-address' });
  });
});

describe('a fault that is not the delivery’s', () => {
  it('ends none before its time, however often it was tried', async () => {
    at.contacts.replies = Array<number>(14).fill(401);
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT', attempts: 15 });
  });

  it('has it tried again after a pause where a database of ours is away before anything left', async () => {
    let isAway = false;
    const { feedback } = at.scene;
    const query: Database['query'] = (sql, parameters) =>
      isAway && sql.includes('FROM notification_preference')
        ? Promise.reject(new TypeError('away'))
        : feedback.query(sql, parameters);
    const database = Object.assign(Object.create(feedback) as Database, { query });
    const parts = at.process(at.byMail(), { database });
    const id = await at.told(parts, EMAIL);
    isAway = true;
    parts.worker.start();
    await eventually(() => at.outcomes.some(({ state, why }) => state === 'WAITING' && why === 'prepare-failed'));
    isAway = false;
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SENT' });
    expect(at.failures.length).toBeGreaterThan(0);
    expect(at.mails.taken.length).toBe(1);
  });

  it('stands still in the status only where a delivery is due, and not in its pause', async () => {
    const parts = at.process(at.byMail());
    await at.told(parts, EMAIL);
    const due = (ms: number) =>
      at.scene.feedback.query(
        `UPDATE notification_delivery SET state = 'SENDING', made_ms = 0,
                due_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $1::bigint`,
        [ms],
      );
    const store = new NoticeDeliveryStore(at.scene.feedback);
    await due(3_600_000);
    expect((await store.sizes('email')).overdueMs).toBe(0);
    await due(-900_000);
    expect((await store.sizes('email')).overdueMs).toBeGreaterThanOrEqual(900_000);
  });
});
