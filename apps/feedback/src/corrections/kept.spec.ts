import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { closeList, isWhole, type CaseRecord } from '#corrections';
import type { ExchangeId, SubsystemId } from '#kernel';
import { keepSubject, openSubject } from './kept-subject.js';
import { noticesOf } from './notice-id.js';
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

it('names a notice always alike, each case, recipient and telling by its own, as a UUIDv8', () => {
  const recipients = [
    { subsystem: 'TEST/GOV/1/a', lastExchangeId: 'x' },
    { subsystem: 'TEST/GOV/1/b', lastExchangeId: 'y' },
  ];
  const idsOf = (nameKey: Buffer, correctionId: string, seq: number) =>
    noticesOf(nameKey, { correctionId, recipients } as unknown as CaseRecord, seq).map(({ id }) => id);
  const [first] = idsOf(key, 'case-1', 7);
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const all = [
    idsOf(key, 'case-1', 7),
    idsOf(key, 'case-1', 9),
    idsOf(key, 'case-2', 7),
    idsOf(randomBytes(32), 'case-1', 7),
  ];
  expect(new Set(all.flat()).size).toBe(8);
  expect(idsOf(key, 'case-1', 7)).toEqual(all[0]);
});
