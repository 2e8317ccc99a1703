import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newExchangeId, type ServiceId } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type Statement } from '#signing';
import { Awaited } from './awaited.js';
import type { Expected } from './candidate.js';
import type { CheckedReceipt } from './receipts.js';
import { CONSUMER, PROVIDER } from './spec-support/build-request.js';

let expected: Expected;
let first: Statement;
let second: Statement;
const SERVICE = `${PROVIDER}/persons` as ServiceId;

beforeAll(async () => {
  const signer = jwkSigner(generateSigningKey());
  const id = newExchangeId();
  const parties = { v: 1, id, ts: 1, from: CONSUMER, to: PROVIDER, svc: SERVICE, ep: 'GET /{pin}' } as const;
  const req = `h1:${Buffer.alloc(32).toString('base64url')}`;
  const requested: Statement = await signStatement(
    { ...parties, t: 'exchange.requested', pur: 'p', law: 'l', req, subj: [], snap: 1 },
    signer,
  );
  const prev = requested.leafHash.toString('base64url');
  const answered = (st: number) =>
    signStatement({ ...parties, t: 'exchange.answered', st, res: req, prev, snap: 1 }, signer);
  [first, second] = await Promise.all([answered(200), answered(201)]);
  expected = {
    exchangeId: id,
    consumer: CONSUMER,
    provider: PROVIDER,
    service: SERVICE,
    requested,
    salt: Buffer.alloc(32),
    answerKey: Buffer.alloc(32),
  };
});

const receipt = (slot: string, signer: string, { leafHash }: Statement): CheckedReceipt => ({
  slot,
  signer,
  leafHash,
  index: 0,
});

/** Leaves that are nobody's here. */
function strangers(count: number): Promise<Statement[]> {
  const signer = jwkSigner(generateSigningKey());
  const { payload } = first;
  return Promise.all(Array.from({ length: count }, (_, index) => signStatement({ ...payload, ts: index }, signer)));
}

describe('the end of an exchange', () => {
  test('comes with request, answer and both receipts, in whatever order, and not before', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 }), fc.boolean(), (order, twice) => {
        const awaited = new Awaited(expected);
        const steps = [
          () => awaited.addReceipt(receipt('c0', CONSUMER, expected.requested)),
          () => awaited.addReceipt(receipt('p1', PROVIDER, second)),
          () => awaited.addCandidate({ statement: first }),
          () => awaited.addCandidate({ statement: second }),
        ];
        const needed = new Set([0, 1, 3]);
        for (const step of order) {
          needed.delete(step);
          const verdict = steps[step]?.();
          if (twice) steps[step]?.();
          if (needed.size > 0) expect(verdict).toEqual({ kind: 'waiting' });
          else expect(verdict).toEqual({ kind: 'release', candidate: { statement: second } });
        }
      }),
    );
  });

  test('is not brought by receipts of other slots and signers', () => {
    const awaited = new Awaited(expected);
    awaited.addReceipt(receipt('c0', CONSUMER, expected.requested));
    awaited.addCandidate({ statement: first });
    for (const [slot, signer] of [
      ['p1', CONSUMER],
      ['c1', PROVIDER],
      ['p1', `${PROVIDER}x`],
      ['b1', 'TEST/audit1'],
    ] as const)
      expect(awaited.addReceipt(receipt(slot, signer, first))).toEqual({ kind: 'waiting' });
  });

  test('says what is missing', () => {
    const awaited = new Awaited(expected);
    expect(awaited.missing()).toBe('request-receipt');
    awaited.addRefusal({ leafHash: first.leafHash, refused: 'time' });
    expect(awaited.missing()).toBe('request-receipt');
    awaited.addRefusal({ leafHash: expected.requested.leafHash, refused: 'time' });
    expect(awaited.missing()).toBe('request-refused');
    awaited.addReceipt(receipt('c0', CONSUMER, expected.requested));
    expect(awaited.missing()).toBe('answer');
    expect(awaited.reject('answer-bad-signature')).toEqual({ kind: 'waiting' });
    expect([awaited.missing(), awaited.rejection]).toEqual(['valid-answer', 'answer-bad-signature']);
    awaited.addCandidate({ statement: first });
    expect(awaited.missing()).toBe('answer-receipt');
  });

  test('stamps again what has no receipt, and nothing else', () => {
    const awaited = new Awaited(expected);
    expect(awaited.unstamped()).toEqual([expected.requested.jws]);
    awaited.addCandidate({ statement: first });
    expect(awaited.unstamped()).toEqual([expected.requested.jws, first.jws]);
    awaited.addReceipt(receipt('c0', CONSUMER, expected.requested));
    expect(awaited.unstamped()).toEqual([first.jws]);
    // Anybody's word: it does not stop the stamps of the answer that is held.
    awaited.addReceipt(receipt('p1', PROVIDER, second));
    expect(awaited.unstamped()).toEqual([first.jws]);
    awaited.addCandidate({ statement: second });
    expect(awaited.unstamped()).toEqual([first.jws]);
  });

  test('keeps a bounded number of candidates', async () => {
    const awaited = new Awaited(expected);
    const signer = jwkSigner(generateSigningKey());
    for (let ts = 0; ts < 20; ts += 1) {
      const { payload } = first;
      if (payload.t !== 'exchange.answered') continue;
      awaited.addCandidate({ statement: await signStatement({ ...payload, ts }, signer) });
    }
    expect(awaited.unstamped()).toHaveLength(1 + 8);
  });

  test('is not brought by a receipt that names another leaf for our slot: it is only told if nothing better comes', () => {
    const awaited = new Awaited(expected);
    awaited.addCandidate({ statement: first });
    expect(awaited.contradicts(receipt('c0', CONSUMER, first))).toBe(true);
    expect(awaited.addReceipt(receipt('c0', CONSUMER, first))).toEqual({ kind: 'waiting' });
    expect(awaited.missing()).toBe('receipt-conflict');
    expect(awaited.unstamped()).toEqual([expected.requested.jws, first.jws]);
    awaited.addReceipt(receipt('p1', PROVIDER, first));
    expect(awaited.addReceipt(receipt('c0', CONSUMER, expected.requested))).toEqual({
      kind: 'release',
      candidate: { statement: first },
    });
  });

  test("comes with the provider's receipt, whatever other leaves are named for its slot before and after", async () => {
    const others = await strangers(40);
    const awaited = new Awaited(expected);
    awaited.addCandidate({ statement: first });
    for (const other of others.slice(0, 20)) awaited.addReceipt(receipt('p1', PROVIDER, other));
    awaited.addReceipt(receipt('p1', PROVIDER, first));
    for (const other of others.slice(20, 30)) awaited.addReceipt(receipt('p1', PROVIDER, other));
    expect(awaited.addReceipt(receipt('c0', CONSUMER, expected.requested))).toMatchObject({ kind: 'release' });
  });

  test('says that another leaf was named for the answer only while none is for ours', () => {
    const awaited = new Awaited(expected);
    awaited.addReceipt(receipt('c0', CONSUMER, expected.requested));
    awaited.addReceipt(receipt('p1', PROVIDER, second));
    expect(awaited.missing()).toBe('answer');
    awaited.addCandidate({ statement: first });
    expect(awaited.missing()).toBe('receipt-conflict');
  });
});
