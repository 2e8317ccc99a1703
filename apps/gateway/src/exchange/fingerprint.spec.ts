import { describe, expect, test } from '@jest/globals';
import { fingerprint, type FingerprintContext } from './fingerprint.js';
import { buildRequest, type RequestChanges } from './spec-support/build-request.js';

const KEY = Buffer.alloc(32, 1);
const CONTEXT: FingerprintContext = {
  subject: { country: 'TEST', type: 'PIN', code: 'TEST000001' },
  purpose: 'citizen-view',
  legalBasis: 'LB-1',
  endUser: undefined,
};
const print = (changes: RequestChanges = {}, context: Partial<FingerprintContext> = {}, key = KEY) =>
  fingerprint(key, buildRequest(changes), { ...CONTEXT, ...context }).toString('hex');

describe('a fingerprint', () => {
  test('is that of the call, not of its ids, its time or its other headers', () => {
    const header = [{ name: 'X-Road-Issue', value: '1' }];
    expect(print()).toBe(print());
    expect(print({ headers: header })).toBe(print());
  });

  test('changes with each part that makes a call another one', () => {
    const type = (value: string) => ({ headers: [{ name: 'content-type', value }] });
    const prints = [
      print(),
      print({ method: 'HEAD' }),
      print({ path: '/TEST000001/' }),
      print({ path: '/TEST000001?a' }),
      print(type('text/plain')),
      print(type('application/json')),
      print({ body: Buffer.from('x') }),
      print({}, { subject: undefined }),
      print({}, { endUser: { country: 'TEST', type: 'PIN', code: 'TEST000001' } }),
      print({}, { endUser: { country: 'TEST', type: 'PIN', code: 'TEST000002' } }),
      print({}, { purpose: 'other' }),
      print({}, { legalBasis: 'LB-2' }),
      print({}, { purpose: 'citizen-viewLB', legalBasis: '-1' }),
      print({}, { concealment: 'A'.repeat(43) }),
      print({}, {}, Buffer.alloc(32, 2)),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});
