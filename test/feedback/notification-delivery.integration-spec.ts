import { describe, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
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

  it('is parked after the last attempt where nobody listens', async () => {
    await at.mails.close();
    const parts = at.process(at.byMail());
    const id = await at.told(parts, EMAIL);
    parts.worker.start();
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'FAILED', attempts: 4, why: 'smtp-unreachable' });
    at.mails = new MailServer();
    await at.mails.listen();
  });

  it('is tried again where the server is silent, since it never asked for the body', async () => {
    const silent = new SilentServer();
    const parts = at.process(at.byMail(await silent.listen()));
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
  ])('that %s may have brought the SMS: it is asked for none again', async (_what, replies) => {
    at.hook.replies = [...replies];
    const parts = at.process(at.bySms());
    const id = await at.told(parts, SMS);
    parts.worker.start();
    expect(await at.ended(id, 'sms')).toMatchObject({ state: 'UNCERTAIN', attempts: 1, why: 'hook-silent' });
    expect(at.hook.calls.length).toBe(1);
  });

  it('that says nothing is handed a push again, under the same key', async () => {
    at.hook.replies = ['hang', 'cut'];
    const parts = at.process(at.byPush());
    const id = await at.told(parts, {});
    parts.worker.start();
    expect(await at.ended(id, 'push')).toMatchObject({ state: 'SENT', attempts: 3 });
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

  it('that is away for good parks it', async () => {
    await at.contacts.close();
    const parts = at.process(at.byMail());
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
