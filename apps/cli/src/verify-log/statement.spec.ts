import { describe, expect, it } from '@jest/globals';
import { readStatement } from './statement.js';

const HASH = 'A'.repeat(43);
const encoded = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');
const header = encoded({ alg: 'EdDSA', kid: HASH, typ: 'kerege-statement+jwt' });
const base = { v: 1, id: '01a21e9a-e1ba-7167-b897-a569f6c5d52a', ts: 1 };

function isRead(fields: object): boolean {
  const jws = `${header}.${encoded({ ...base, ...fields })}.${'A'.repeat(86)}`;
  return readStatement(Buffer.from(jws)).ok;
}

describe('a statement in a log', () => {
  const corrected = {
    t: 'correction.corrected',
    from: 'DEMO/GOV/1000/mygov',
    to: 'DEMO/GOV/1001/civil',
    seq: 6,
    was: 'ACCEPTED',
    now: 'CORRECTED',
    prev: HASH,
    doc: `h1:${HASH}`,
  };
  const refusals = { t: 'refusals', why: 'purpose-unknown', n: 3, ref: 'DEMO/gw1' };

  it.each([
    ['of today', corrected, Date.parse('2026-11-27'), true],
    ['before 1970', corrected, Date.parse('1931-05-01'), true],
    ['before there are days', corrected, -8.64e15 - 1, false],
    ['in the middle of a millisecond', corrected, -0.5, false],
    ['of today', refusals, Date.parse('2026-11-27'), true],
    ['before 1970', refusals, -1, false],
  ] as const)('is read or not with an instant %s: %#', (_, fields, until, expected) => {
    expect(isRead({ ...fields, until })).toBe(expected);
  });
});
