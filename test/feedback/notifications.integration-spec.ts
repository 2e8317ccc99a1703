import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import type { ShownInbox, ShownNotification } from '../../apps/feedback/src/notifications/inbox.service.js';
import { CaseWalk, CODE } from './case-walk.js';
import { settled } from './erasing.js';
import { BIRTH_ITEM, Filing, PORTAL, type Said } from './filing.js';
import { ContactServer, HookServer, MailServer } from './notice-stand-ins.js';

jest.setTimeout(240_000);

const OTHER = 'TEST000002';
const HANDLE = 'h-51c0';
const CONTACT = { email: 'somebody@mail.example', sms: '+994500000002' };
const WISHES = { handle: HANDLE, language: 'az', channels: { progress: ['push', 'email'], information: [] } };

let filing: Filing;
let mails: MailServer;
let hook: HookServer;
let contacts: ContactServer;

beforeAll(async () => {
  [mails, hook] = [new MailServer(), new HookServer()];
  const smtpPort = await mails.listen();
  await hook.listen();
  filing = await Filing.create();
  const { world } = filing.network.audit;
  const { sign } = world.keysOf('TEST/feedback1');
  contacts = new ContactServer({ [HANDLE]: CONTACT }, 'TEST/feedback1', (kid) => (kid === sign.kid ? sign : undefined));
  await contacts.listen();
  const secretFile = join(mkdtempSync(join(tmpdir(), 'kerege-')), 'secret');
  writeFileSync(secretFile, 'hook-secret\n', { mode: 0o600 });
  await filing.start({
    ...{ smtpHost: '127.0.0.1', smtpPort, mailFrom: 'kerege@bus.example' },
    ...{ pushHookUrl: hook.url, pushHookSecretFile: secretFile, smsHookUrl: hook.url, smsHookSecretFile: secretFile },
    ...{ portalContacts: [`${PORTAL}=${contacts.url}`], portalLinks: [`${PORTAL}=https://portal.example/cases#`] },
    notificationIntervalMs: 50,
  });
});
afterAll(async () => {
  await filing.close();
  await Promise.all([mails.close(), hook.close(), contacts.close()]);
});

async function inbox(code: string, query = ''): Promise<ShownInbox> {
  const { status, body } = await filing.portal(code, `/v1/notifications${query}`);
  expect(status).toBe(200);
  return body as unknown as ShownInbox;
}

const put = (code: string, body: object): Promise<Said> =>
  filing.portal(code, '/v1/notifications/preferences', body, 'PUT');

async function countOf(table: string): Promise<number> {
  const { feedback } = await filing.network.databases();
  const [row] = await feedback.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(row?.n);
}

it('takes wishes with a handle, keeps them closed, and no address for one', async () => {
  expect((await filing.portal(CODE, '/v1/notifications/preferences')).body).toMatchObject({
    code: 'preferences-unset',
  });
  for (const handle of [CONTACT.email, CONTACT.sms, '', 'x'.repeat(129)])
    expect((await put(CODE, { ...WISHES, handle })).status).toBe(400);
  expect((await put(CODE, { ...WISHES, channels: { progress: ['fax'] } })).status).toBe(400);
  expect((await put(CODE, { ...WISHES, channels: { gossip: ['push'] } })).status).toBe(400);
  expect((await put(CODE, { ...WISHES, subject: 'TEST/PIN/TEST000009' })).body).toMatchObject({
    code: 'subject-not-yours',
  });
  expect(await put(CODE, { ...WISHES, language: 'en' })).toMatchObject({ status: 200 });
  expect(await put(CODE, WISHES)).toMatchObject({ status: 200, body: WISHES });
  expect((await filing.portal(CODE, '/v1/notifications/preferences')).body).toEqual(WISHES);
  expect((await filing.portal(OTHER, '/v1/notifications/preferences')).status).toBe(404);
  expect(await countOf('notification_preference')).toBe(1);
});

it('tells a person each step in the inbox, by push and by mail as they wish, and by no SMS', async () => {
  const walk = await CaseWalk.filed(filing);
  await walk.reviewed();
  await walk.accepted();
  await walk.corrected();
  const { publicNumber } = await walk.until('PROPAGATING');
  const shown = await eventually(
    async () => {
      const { notifications } = await inbox(CODE, '?lang=ru');
      const isOver = notifications.every(({ deliveries }) => !Object.values(deliveries).includes('WAITING'));
      return isOver ? notifications : undefined;
    },
    { timeoutMs: 30_000 },
  );
  const state = (push: string, email: string) => ({ push, email, sms: 'SUPPRESSED' });
  expect(shown.map(({ code, deliveries }) => [code, deliveries])).toEqual([
    ['corrected', state('SUPPRESSED', 'SUPPRESSED')],
    ['decided', state('SENT', 'SUPPRESSED')],
    ['received', state('SENT', 'SENT')],
    ['submitted', state('SENT', 'SENT')],
  ]);
  expect(shown[0]).toMatchObject({
    ...{ correctionId: walk.id, publicNumber, text: `Реестр исправлен: ${publicNumber}` },
    link: `https://portal.example/cases#${publicNumber}`,
  });
  expect(mails.taken.map(({ to, subject }) => `${to} ${subject}`)).toEqual(
    Array(2).fill(`${CONTACT.email} ${publicNumber} nömrəli müraciət`),
  );
  expect(hook.calls.map(({ authorization, body }) => [authorization, body['channel'], body['handle']])).toEqual(
    Array(3).fill(['Bearer hook-secret', 'push', HANDLE]),
  );
  expect(contacts.asked).toEqual(Array(2).fill({ status: 200, channel: 'email' }));
});

it('keeps no address and no value, in no table and no line of its log', async () => {
  const { feedback } = await filing.network.databases();
  const tables = await feedback.query<{ tablename: string }>(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'feedback'`,
  );
  const spoken = [CONTACT.email, CONTACT.sms, HANDLE, BIRTH_ITEM.doubted];
  for (const { tablename } of tables) {
    const rows = await feedback.query<{ row: string }>(`SELECT t::text AS row FROM feedback.${tablename} AS t`);
    for (const { row } of rows)
      for (const word of spoken) {
        expect(row).not.toContain(word);
        // As bytes are spelled in text.
        expect(row).not.toContain(Buffer.from(word).toString('hex'));
      }
  }
  const said = filing.network.lines.join('\n');
  for (const word of [CONTACT.email, CONTACT.sms, HANDLE]) expect(said).not.toContain(word);
  const metrics = await (await fetch(`${filing.app?.url}/metrics`)).text();
  expect(metrics).toMatch(/kerege_feedback_notifications_total\{[^}]*channel="email"[^}]*state="SENT"[^}]*\} 2/);
  expect(metrics).not.toContain('mail.example');
});

it('is read page by page, marked once, and nobody else’s', async () => {
  const first = await inbox(CODE, '?limit=3');
  const second = await inbox(CODE, `?limit=3&after=${first.next}`);
  expect([first.notifications.length, second.notifications.length, second.next]).toEqual([3, 1, undefined]);
  const [{ id }] = first.notifications as [ShownNotification];
  const read = (code: string) => filing.portal(code, `/v1/notifications/${id}/read`, {});
  expect(await read(OTHER)).toMatchObject({ status: 404, body: { code: 'notification-unknown' } });
  const { readAt } = (await read(CODE)).body;
  expect((await read(CODE)).body).toEqual({ readAt });
  expect((await inbox(CODE)).notifications[0]).toMatchObject({ id, readAt });
  const unread = (await inbox(CODE, '?unread=true')).notifications;
  expect(unread.map((one) => one.id)).not.toContain(id);
  expect(unread.length).toBe(3);
  expect((await inbox(OTHER)).notifications).toEqual([]);
  expect((await filing.portal(OTHER, '/v1/notifications?subject=TEST/PIN/TEST000001')).status).toBe(403);
});

it('goes with the person when they are erased', async () => {
  const before = await countOf('notification');
  const walk = await CaseWalk.filed(filing, OTHER);
  await put(OTHER, { ...WISHES, handle: 'h-other' });
  expect((await inbox(OTHER)).notifications.length).toBe(1);
  await filing.portalStep(OTHER, `/v1/corrections/${walk.id}/steps`, { act: 'withdraw' });
  await walk.until('WITHDRAWN');
  const erased = await filing.raw(OTHER, '/v1/subjects/me', { method: 'DELETE' });
  expect(erased.status).toBe(200);
  await settled(filing.network);
  expect((await inbox(OTHER)).notifications).toEqual([]);
  expect((await filing.portal(OTHER, '/v1/notifications/preferences')).status).toBe(404);
  expect(await countOf('notification')).toBe(before);
  expect(await countOf('notification_delivery')).toBe(3 * before);
  expect(await countOf('notification_preference')).toBe(1);
});
