import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  answerHash,
  commit,
  h1,
  hmacSha256,
  opens,
  parseTypedSubject,
  requestDigest,
  xroadRequestHash,
} from './index.js';

const range = (from: number, to: number) => Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i));
const r = range(0x40, 0x5f);
const subject = { country: 'EE', type: 'PIN', code: 'TEST-000001' };

describe('vectors of statements.md §5', () => {
  it('commits to a subject and an end user', () => {
    expect(commit('subject', subject, r).commitment).toBe('c1:7j3cptIDPlHlveuO8385ib3n-J6eWN15aTLMtnw221M');
    const user = Buffer.from(commit('user', subject, r).commitment.slice(3), 'base64url').toString('hex');
    expect(user).toBe('2542a968322edd19e40a02fe9d5585ab5650dece6e2909c2299c27e0a91c1b4a');
  });

  it('salts a digest', () => {
    expect(h1(range(0x80, 0x9f), Buffer.from('{"pin":"TEST-000001"}'))).toBe(
      'h1:MnqiO-H58JppUhWfGxo7Amn5rcdx8rmL94CjGQ9O2u8',
    );
  });

  it('has the HMAC of node:crypto for every key and message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 300 }), (key, data) => {
        expect(hmacSha256(key, data)).toEqual(createHmac('sha256', key).update(data).digest());
      }),
    );
  });
});

describe('commitments', () => {
  it('open only with their own randomness, subject and kind, and differ each time', () => {
    const { commitment, opening } = commit('subject', subject);
    expect(opens('subject', commitment, opening)).toBe(true);
    expect(opens('user', commitment, opening)).toBe(false);
    expect(opens('subject', commitment, { ...opening, code: 'TEST-000002' })).toBe(false);
    expect(opens('subject', commitment, { ...opening, r })).toBe(false);
    expect(opens('subject', commitment, { ...opening, r: opening.r.subarray(1) })).toBe(false);
    expect(commit('subject', subject).commitment).not.toBe(commitment);
  });

  it('know no second spelling of a subject', () => {
    expect(parseTypedSubject('EE/PIN/TEST-000001')).toEqual(subject);
    for (const text of [
      'ee/PIN/X',
      'EE/PIN/x',
      'EE/PIN/A B',
      'EE/PIN',
      'EE/PIN/X/Y',
      'EE//X',
      'EE/PIN/',
      'EE/PIN/\0',
    ]) {
      expect(parseTypedSubject(text)).toBeUndefined();
    }
  });
});

describe('digests of exchange.md §2.5', () => {
  const sha512 = (...parts: (string | Buffer)[]) => {
    const hash = createHash('sha512');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const headers = [
    { name: 'X-Road-Client', value: 'DEMO/GOV/1/x' },
    { name: 'x-road-request-id', value: Buffer.from('r\u00e9') },
  ];
  const head = 'GET\r\n/r1/a?b=%20\r\nX-Road-Client:DEMO/GOV/1/x\r\nx-road-request-id:r\u00e9\r\n';
  const request = { method: 'GET', target: '/r1/a?b=%20', headers, body: Buffer.alloc(0) };

  it('hash the head alone without a body, and head and body with one', () => {
    expect(xroadRequestHash(request)).toEqual(sha512(head));
    const body = Buffer.from('body');
    expect(xroadRequestHash({ ...request, body })).toEqual(sha512(sha512(head), sha512(body)));
  });

  it('hash an answer with its status, also without a body', () => {
    const answer = { status: 204, headers: [{ name: 'a', value: 'b' }], body: Buffer.alloc(0) };
    expect(answerHash(answer)).toEqual(sha512(sha512('204\r\na:b\r\n'), sha512('')));
  });

  it('depend on the salt', () => {
    expect(requestDigest(r, request)).not.toBe(requestDigest(range(0, 31), request));
  });
});
