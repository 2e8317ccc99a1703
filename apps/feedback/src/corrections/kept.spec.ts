import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { closeList, isWhole } from '#corrections';
import type { ExchangeId, SubsystemId } from '#kernel';
import { keepSubject, openSubject } from './kept-subject.js';
import { noticeIdOf } from './notice-id.js';
import { keepList, openList } from './telling.service.js';

const key = randomBytes(32);

it('opens a subject under its key, in its case, and nowhere else', () => {
  const subject = { country: 'TEST', type: 'PIN', code: 'TEST000001', r: 'AAAA' };
  const kept = keepSubject(key, 'case-1', subject);
  expect(openSubject(key, 'case-1', kept)).toEqual(subject);
  expect(openSubject(key, 'case-2', kept)).toBeUndefined();
  expect(openSubject(randomBytes(32), 'case-1', kept)).toBeUndefined();
});

it('keeps a list of recipients so that it is whole when it is opened', () => {
  const recipients = [{ subsystem: 'TEST/GOV/1/a' as SubsystemId, lastExchangeId: 'x' as ExchangeId }];
  const list = closeList(recipients);
  if (!list.ok) throw new TypeError(list.reason);
  const opened = openList(key, 'case-1', keepList(key, 'case-1', list.value));
  expect(opened && isWhole(opened)).toBe(true);
  expect(opened?.places.flatMap(({ recipient }) => recipient ?? [])).toEqual(recipients);
});

it('names a notice always alike, each occasion and recipient by its own, as a UUIDv8', () => {
  const name = noticeIdOf(key, 'case-1', 'TEST/GOV/1/a', 'told');
  expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(noticeIdOf(key, 'case-1', 'TEST/GOV/1/a', 'told')).toBe(name);
  const others = [noticeIdOf(key, 'case-2', 'TEST/GOV/1/a', 'told'), noticeIdOf(key, 'case-1', 'TEST/GOV/1/b', 'told')];
  expect(new Set([name, ...others, noticeIdOf(randomBytes(32), 'case-1', 'TEST/GOV/1/a', 'told')]).size).toBe(4);
});
