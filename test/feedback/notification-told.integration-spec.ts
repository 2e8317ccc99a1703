import { randomBytes } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { toBase64Url } from '#kernel';
import type { Database } from '#postgres';
import { eventually } from '#testing';
import type { Wishes } from '../../apps/feedback/src/notifications/channel-policy.js';
import type { NotificationWays } from '../../apps/feedback/src/notifications/notification-parts.service.js';
import { EMAIL, HANDLE, NoticeScene, SMS } from './notice-scene.js';

jest.setTimeout(120_000);

const HASH = `h1:${toBase64Url(randomBytes(32))}`;
const salt = () => toBase64Url(randomBytes(32));
const at = NoticeScene.ofFile();

describe('what a person is told', () => {
  it('is each step of their case, once, whatever is done twice', async () => {
    const id = await at.scene.filed();
    await at.scene.settle();
    await at.scene.acts(
      ...[id, { act: 'receive', receiptOver: (await at.scene.kept(id)).record.requestDoc ?? '' } as const],
      { act: 'start' },
      { act: 'request-info', question: 'document-needed', salt: salt() },
    );
    for (let day = 0; day < 20; day += 1) {
      at.scene.nowMs += 86_400_000;
      await at.scene.settle();
    }
    await at.scene.acts(
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
    await at.scene.oldValueSeen(id);
    await at.scene.settle();
    const codes = await at.scene.feedback.query<{ code: string; seq: number }>(
      'SELECT code, seq FROM notification WHERE case_id = $1 ORDER BY seq',
      [id],
    );
    const told = codes.map(({ code }) => code).filter((code) => !['near', 'missed', 'escalated'].includes(code));
    expect(told).toEqual([
      ...['submitted', 'received', 'info-requested', 'extended', 'decided', 'corrected', 'reopened'],
    ]);
    const terms = (await at.scene.steps(id)).filter(({ type }) => /deadline|escalated/.test(type));
    expect(codes.length).toBe(told.length + terms.length);
    expect((await at.rows(id)).length).toBe(3 * codes.length);
  });

  it('goes nowhere but the inbox while nobody knows where they are', async () => {
    const parts = at.process({ ...at.byMail(), ...at.bySms(), ...at.byPush() });
    const id = await at.scene.filed();
    await at.scene.settle();
    parts.worker.start();
    await Promise.all(['push', 'email', 'sms'].map((channel) => at.ended(id, channel)));
    expect((await at.rows(id)).map(({ state, why }) => `${state} ${why}`)).toEqual(
      Array(3).fill('SUPPRESSED no-handle'),
    );
  });

  it('is a push by default, and no SMS: that costs money', async () => {
    const parts = at.process({ ...at.byMail(), ...at.bySms(), ...at.byPush() });
    const id = await at.told(parts, {});
    parts.worker.start();
    expect(await at.ended(id, 'push')).toMatchObject({ state: 'SENT' });
    expect(await at.ended(id, 'email')).toMatchObject({ state: 'SUPPRESSED', why: 'not-wanted' });
    expect(await at.ended(id, 'sms')).toMatchObject({ state: 'SUPPRESSED', why: 'not-wanted' });
    const { publicNumber } = (await at.scene.kept(id)).record;
    const text = `Your request is registered: ${publicNumber} https://portal.example/cases#${publicNumber}`;
    const [call] = at.hook.calls;
    expect(call).toMatchObject({
      authorization: 'Bearer push-secret',
      body: { channel: 'push', handle: HANDLE, text, id: call?.key },
    });
    expect(at.contacts.asked).toEqual([]);
  });
});

describe('a process that ends between sending and writing it down', () => {
  /** Nothing says how an attempt ended, as if the process were gone. */
  const forgetful = () => {
    const query: Database['query'] = (sql, parameters) =>
      sql.includes('SET state = $3') ? Promise.reject(new TypeError('gone')) : at.scene.feedback.query(sql, parameters);
    return Object.assign(Object.create(at.scene.feedback) as Database, { query });
  };

  async function crashed(ways: Partial<NotificationWays>, channels: Wishes['channels'], channel: string) {
    const first = at.process(ways, { database: forgetful() });
    const id = await at.told(first, channels);
    first.worker.start();
    await eventually(() => at.failures.length > 0, { timeoutMs: 20_000 });
    await first.close();
    const of = async () => (await at.rows(id)).find((row) => row.channel === channel);
    await eventually(async () => (await of())?.state === 'SENDING');
    const second = at.process(ways);
    second.worker.start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Its lease still holds: it could be alive.
    expect((await of())?.state).toBe('SENDING');
    await at.scene.feedback.query("UPDATE notification_delivery SET due_ms = 0 WHERE state = 'SENDING'");
    return at.ended(id, channel);
  }

  it('leaves a mail uncertain, and sends it no second time', async () => {
    const row = await crashed(at.byMail(), EMAIL, 'email');
    expect(row).toMatchObject({ state: 'UNCERTAIN', why: 'interrupted' });
    expect(at.mails.taken.length).toBe(1);
  });

  it('leaves an SMS uncertain, and sends it no second time', async () => {
    const row = await crashed(at.bySms(), SMS, 'sms');
    expect(row).toMatchObject({ state: 'UNCERTAIN', why: 'interrupted' });
    expect(at.hook.calls.length).toBe(1);
  });

  it('has a push repeated under its key', async () => {
    expect(await crashed(at.byPush(), {}, 'push')).toMatchObject({ state: 'SENT' });
    expect(at.hook.calls.length).toBe(2);
    expect(new Set(at.hook.calls.map(({ key: one }) => one)).size).toBe(1);
  });
});

it('is brought once by two processes side by side', async () => {
  const [first, second] = [at.process(at.byPush()), at.process(at.byPush())];
  const ids: string[] = [];
  for (let n = 0; n < 6; n += 1) ids.push(await at.told(first, {}));
  for (const { worker } of [first, second]) worker.start();
  for (const id of ids) expect(await at.ended(id, 'push')).toMatchObject({ state: 'SENT', attempts: 1 });
  expect(at.hook.calls.length).toBe(6);
});
