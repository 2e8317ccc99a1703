import { beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type AnsweredPayload, type Statement } from '#signing';
import { findUnfinished, noOutcome, type OtherLeaf, type SweepableLeaf } from './unfinished.js';

const signer = jwkSigner(generateSigningKey());
const PARTIES = {
  from: 'TEST/GOV/1000/mygov',
  to: 'TEST/GOV/1001/population',
  svc: 'TEST/GOV/1001/population/persons',
  ep: 'GET /{pin}',
} as const;
const H = `h1:${Buffer.alloc(32, 1).toString('base64url')}`;
const BEFORE = 1_000_000;

const request = (ts: number) =>
  signStatement(
    {
      v: 1,
      t: 'exchange.requested',
      id: newExchangeId(),
      ts,
      ...PARTIES,
      pur: 'view',
      law: 'LB-1',
      req: H,
      subj: [],
      snap: 1,
    },
    signer,
  );
const answer = (requested: Statement, changes: Partial<AnsweredPayload> = {}) =>
  signStatement(
    {
      v: 1,
      t: 'exchange.answered',
      id: requested.payload.id,
      ts: 2,
      ...PARTIES,
      st: 200,
      res: H,
      prev: requested.leafHash.toString('base64url'),
      snap: 1,
      ...changes,
    },
    signer,
  );
const leafOf = ({ jws, payload }: Statement, index = 0, slot = 'p1'): SweepableLeaf & OtherLeaf => ({
  slot,
  index,
  xid: Buffer.from(payload.id.replaceAll('-', ''), 'hex'),
  body: Buffer.from(jws),
});

describe('findUnfinished (bus.md §4.10)', () => {
  let requested: Awaited<ReturnType<typeof request>>;
  beforeAll(async () => {
    requested = await request(1);
  });

  it('leaves alone what has a sequel', async () => {
    const others = [leafOf(await answer(requested))];
    expect(findUnfinished([leafOf(requested)], others, BEFORE)).toEqual({
      unfinished: [],
      endless: [],
      again: undefined,
      reachedYoung: false,
    });
  });

  it.each<[string, Partial<AnsweredPayload>]>([
    ['follows another leaf', { prev: Buffer.alloc(32, 7).toString('base64url') }],
    ['names another consumer', { from: 'TEST/GOV/1000/other' }],
    ['names another service', { svc: 'TEST/GOV/1001/population/other' }],
  ])('does not count a statement that %s', async (_what, changes) => {
    const others = [leafOf(await answer(requested, changes))];
    expect(findUnfinished([leafOf(requested, 5)], others, BEFORE)).toMatchObject({
      unfinished: [{ jws: requested.jws }],
      again: 5,
    });
  });

  it('stops at the first that is too young, and comes back to the first without an end', async () => {
    const young = await request(BEFORE);
    const later = await request(1);
    const found = findUnfinished([leafOf(requested, 1), leafOf(young, 2), leafOf(later, 3)], [], BEFORE);
    expect(found.unfinished.map((one) => one.jws)).toEqual([requested.jws]);
    expect(found).toMatchObject({ again: 1, reachedYoung: true });
  });

  it('states what a verifier accepts as the bus’s word', async () => {
    const failed = await signStatement(noOutcome(requested, 9), signer);
    expect(failed.payload).toMatchObject({ why: 'no-outcome', side: 'unknown', ts: 9 });
    const others = [leafOf(failed, 1, 'b1')];
    expect(findUnfinished([leafOf(requested)], others, BEFORE)).toMatchObject({ unfinished: [], endless: [] });
  });

  it('passes over a request whose id another consumer has used and we have ended', async () => {
    const { ts, id } = requested.payload;
    const stranger = await signStatement({ ...(await request(ts)).payload, id, from: 'TEST/GOV/1000/other' }, signer);
    const others = [leafOf(await signStatement(noOutcome(requested, 9), signer), 2, 'b1')];
    const found = findUnfinished([leafOf(requested, 0), leafOf(stranger, 1)], others, BEFORE);
    expect(found).toMatchObject({ unfinished: [], endless: [{ jws: stranger.jws }], again: undefined });
  });
});
