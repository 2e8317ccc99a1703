import { beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type RequestedPayload, type Statement } from '#signing';
import { decide, slotKey, xidOf, type Facts, type PlannedStamp } from './decide.js';
import { RateLimit } from './rate-limit.js';
import { readStamp } from './stamp.js';

const NOW = Date.UTC(2026, 8, 1);
const PARTY = { slot: 'c0', signer: 'TEST/GOV/1000/mygov' } as const;
const signer = jwkSigner(generateSigningKey());
const H = `h1:${Buffer.alloc(32, 1).toString('base64url')}`;

async function request(changes: Partial<RequestedPayload> = {}): Promise<Statement> {
  return signStatement(
    {
      v: 1,
      t: 'exchange.requested',
      id: newExchangeId(),
      ts: NOW,
      from: 'TEST/GOV/1000/mygov',
      to: 'TEST/GOV/1001/population',
      svc: 'TEST/GOV/1001/population/persons',
      ep: 'GET /{pin}',
      pur: 'view',
      law: 'LB-1',
      req: H,
      subj: [],
      snap: 1,
      ...changes,
    },
    signer,
  );
}

function open(statement: Statement, signature = 0, offset = 0n): PlannedStamp {
  const stamp = readStamp({ offset, timestampMs: NOW, value: Buffer.from(statement.jws), replies: [] });
  return { kind: 'open', stamp, replies: [], statement, party: PARTY, signature };
}

const facts = (changes: Partial<Facts> = {}): Facts => ({
  size: 40,
  signatures: [1],
  taken: new Map(),
  admits: () => true,
  ...changes,
});

describe('decide', () => {
  let first: Statement;
  let second: Statement;
  beforeAll(async () => {
    first = await request();
    second = await request();
  });

  it('gives each leaf as index the number of leaves before it, skipping what is none', () => {
    const bad: PlannedStamp = { ...open(second), kind: 'refused', reason: 'jws-form' };
    const verdicts = decide([open(first), bad, open(second)], facts());
    expect(verdicts.map((verdict) => ('leaf' in verdict ? verdict.leaf.index : verdict.kind))).toEqual([
      40,
      'refused',
      41,
    ]);
  });

  it('decides the same however the records are cut into batches', async () => {
    const other = await request({ id: first.payload.id, pur: 'other' });
    const records = [open(first), open(other), open(second), open(first)];
    const whole = decide(records, facts()).map((verdict) => verdict.kind);
    expect(whole).toEqual(['new', 'taken', 'new', 'duplicate']);
    const leaf = { xid: xidOf(first), ...PARTY, leafHash: first.leafHash, index: 40 };
    const known = new Map([[slotKey(first.payload.id, PARTY), leaf]]);
    const rest = decide([open(other), open(second)], facts({ size: 41, taken: known }));
    expect(rest.map((verdict) => verdict.kind)).toEqual(['taken', 'new']);
    expect(rest[0]).toMatchObject({ leaf: { index: 40, leafHash: first.leafHash } });
  });

  it('lets nothing that is refused take a slot', async () => {
    const other = await request({ id: first.payload.id, pur: 'other' });
    const verdicts = decide([open(first, 0), open(other, 1)], facts({ signatures: [0, 1] }));
    expect(verdicts[0]).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(verdicts[1]).toMatchObject({ kind: 'new', leaf: { index: 40 } });
  });

  it('charges a signer for second stories and late statements too, but not for the same bytes again', async () => {
    const limit = new RateLimit(2);
    const admits = (name: string, _kid: string, at: number) => limit.admits(name, at);
    const stories = [
      await request({ id: first.payload.id, pur: 'b' }),
      await request({ id: first.payload.id, pur: 'c' }),
    ];
    const late = await request({ ts: NOW - 3_600_000 });
    const kinds = (plans: PlannedStamp[]) =>
      decide(plans, facts({ admits })).map((verdict) => (verdict.kind === 'refused' ? verdict.reason : verdict.kind));
    expect(kinds([open(first), open(first), ...stories.map((story) => open(story))])).toEqual([
      'new',
      'duplicate',
      'taken',
      'rate-limited',
    ]);
    expect(kinds([open(late)])).toEqual(['rate-limited']);
  });

  it('does not charge a signer for what another signed in its name', () => {
    const limit = new RateLimit(1);
    const admits = (name: string, _kid: string, at: number) => limit.admits(name, at);
    const verdicts = decide([open(first, 0), open(first, 0), open(second, 1)], facts({ signatures: [0, 1], admits }));
    expect(verdicts.map((verdict) => verdict.kind)).toEqual(['refused', 'refused', 'new']);
    expect(verdicts[0]).toMatchObject({ reason: 'signature' });
  });
});

describe('RateLimit', () => {
  it('admits a second’s worth at once, then refills by the broker’s time, per signer', () => {
    const limit = new RateLimit(3);
    const at = (ms: number, name = 'a') => limit.admits(name, ms);
    expect([at(0), at(0), at(0), at(0)]).toEqual([true, true, true, false]);
    expect(at(0, 'b')).toBe(true);
    expect([at(334), at(334)]).toEqual([true, false]);
    expect([at(60_000), at(60_000), at(60_000), at(60_000)]).toEqual([true, true, true, false]);
  });

  it('gains nothing from a clock that goes back', () => {
    const limit = new RateLimit(1);
    expect([limit.admits('a', 10_000), limit.admits('a', 0), limit.admits('a', 10_500)]).toEqual([true, false, false]);
  });
});
