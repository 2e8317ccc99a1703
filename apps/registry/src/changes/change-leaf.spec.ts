import { describe, expect, it } from '@jest/globals';
import { fromBase64Url, newExchangeId } from '#kernel';
import {
  generateSigningKey,
  h1,
  jwkSigner,
  opens,
  parseTypedSubject,
  signStatement,
  type StatementPayload,
} from '#signing';
import { changeLeaf, recordBytes, type ChangeRecord } from './change-leaf.js';

const record: ChangeRecord = {
  id: newExchangeId(),
  base: 4,
  changes: [
    { op: 'change', kind: 'service', id: 'DEMO/GOV/1001/population/persons', detail: 'timeoutMs' },
    { op: 'add', kind: 'agreement', id: 'DEMO/GOV/1/a → DEMO/GOV/1001/population/persons' },
    { op: 'add', kind: 'agreement', id: 'DEMO/GOV/2/b → DEMO/GOV/1001/population/persons' },
  ],
  reason: 'as agreed',
  requestedBy: 'DEMO/OFFICIAL/OFF1',
  approvedBy: 'DEMO/OFFICIAL/OFF3',
  effectiveAtMs: null,
  input: '00',
};
const facts = { record, isEmergency: false, nowMs: 1_800_000_000_000, standing: 7, next: 8 };

const signer = jwkSigner(generateSigningKey());
/** Whether it is a statement: what is none is not signed. */
const isSigned = (payload: object) =>
  signStatement(payload as StatementPayload, signer).then(
    () => true,
    () => false,
  );

describe('the leaf of a change', () => {
  it('is a statement that names nobody and can be opened', async () => {
    const { payload, opening } = changeLeaf(facts);
    expect(await isSigned({ ...payload })).toBe(true);
    expect(payload).toMatchObject({ t: 'registry.changed', id: record.id, snap: 7, n: 8, ref: 'agreement service' });
    expect(JSON.stringify(payload)).not.toMatch(/OFFICIAL|population|agreed/u);
    expect(h1(fromBase64Url(opening.salt) ?? Buffer.alloc(0), recordBytes(record))).toBe(payload.doc);
    const opened = opening.persons.map(({ person, r }, at) => {
      const subject = parseTypedSubject(person) ?? { country: '', type: '', code: '' };
      return opens('user', payload.user[at] ?? '', { ...subject, r: fromBase64Url(r) ?? Buffer.alloc(0) });
    });
    expect(opened).toEqual([true, true]);
    expect(opening.persons.map(({ person }) => person)).toEqual([record.requestedBy, record.approvedBy]);
  });

  it('says the same of nobody twice: each leaf has secrets of its own', () => {
    const [one, other] = [changeLeaf(facts).payload, changeLeaf(facts).payload];
    expect(one.doc).not.toBe(other.doc);
    expect(one.user).not.toContain(other.user[0]);
  });

  it('has one person where one stopped something alone, and else two', async () => {
    const alone = changeLeaf({ ...facts, isEmergency: true }).payload;
    expect(alone).toMatchObject({ t: 'registry.suspended' });
    expect(await isSigned({ ...alone })).toBe(true);
    expect(await isSigned({ ...alone, t: 'registry.changed' })).toBe(false);
    expect(await isSigned({ ...changeLeaf(facts).payload, n: 9 })).toBe(false);
    expect(await isSigned({ ...changeLeaf(facts).payload, doc: alone.doc.replace('h1:', 'h0:') })).toBe(false);
  });
});
