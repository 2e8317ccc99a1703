import { expect, it } from '@jest/globals';
import type { AccessRow } from '../access-history/access-row.js';
import { isSpelled, usageOf } from './usage.js';

const row = {
  at: '2026-11-01T00:00:00.000Z',
  consumer: { id: 'DEMO/GOV/1003/benefits', name: 'Social Fund' },
  purpose: { code: 'benefit-decision', title: 'Decision on a social benefit' },
  service: { id: 'DEMO/GOV/1001/population/persons', title: 'Persons' },
} as AccessRow;

it('tells who received the data, when and why, in the words of the registry', () => {
  expect(usageOf(row)).toEqual({
    logtime: '2026-11-01T00:00:00.000Z',
    action: 'Decision on a social benefit: Persons',
    receiverCode: '1003',
    receiverName: 'Social Fund',
    receiverSystem: 'benefits',
  });
});

it('tells codes where the registry knows no words any more', () => {
  const { consumer, purpose, service } = row;
  const forgotten = {
    ...row,
    consumer: { id: consumer.id },
    purpose: { code: purpose.code },
    service: { id: service.id },
  };
  expect(usageOf(forgotten)).toMatchObject({ action: 'benefit-decision: DEMO/GOV/1001/population/persons' });
  expect(usageOf(forgotten)).not.toHaveProperty('receiverName');
});

it('knows a person by their code, with and without its country, and by nothing else', () => {
  const person = { country: 'EE', type: 'PIN', code: '12345678901' };
  const spelled = ['12345678901', 'EE12345678901', 'LV12345678901', '1234567890', 'EEPIN12345678901'];
  expect(spelled.map((code) => isSpelled(code, person))).toEqual([true, true, false, false, false]);
});
