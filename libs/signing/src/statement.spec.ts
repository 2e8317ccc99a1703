import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newExchangeId, toBase64Url } from '#kernel';
import {
  generateSigningKey,
  isSequelOf,
  sequelOf,
  jwkSigner,
  parseStatement,
  signStatement,
  slotFor,
  verifyStatement,
  type AccessAct,
  type AccessPayload,
  type RefusalsPayload,
  type RequestedPayload,
  type Statement,
  type StatementPayload,
} from './index.js';

const HASH = 'A'.repeat(43);
const jwk = generateSigningKey();
const signer = jwkSigner(jwk);
const parties = {
  from: 'DEMO/GOV/1000/mygov',
  to: 'DEMO/GOV/1001/population',
  svc: 'DEMO/GOV/1001/population/persons',
  ep: 'GET /{pin}',
} as const;

function requested(more: Partial<RequestedPayload> = {}): RequestedPayload {
  return {
    v: 1,
    t: 'exchange.requested',
    id: newExchangeId(),
    ts: 1_790_000_000_000,
    ...parties,
    pur: 'citizen-view',
    law: 'LB-PORTAL',
    req: `h1:${HASH}`,
    subj: [`c1:${HASH}`],
    snap: 7,
    ...more,
  };
}

/** A JWS over any payload text, signed like a real one: what a hostile member can make. */
async function forge(payload: string | object, header: object = {}): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const head = { alg: 'EdDSA', kid: signer.kid, typ: 'kerege-statement+jwt', ...header };
  const input = `${Buffer.from(JSON.stringify(head)).toString('base64url')}.${Buffer.from(text).toString('base64url')}`;
  return `${input}.${toBase64Url(await signer.sign(Buffer.from(input)))}`;
}

describe('a statement', () => {
  it('survives signing, parsing and verification, and node:crypto agrees with libsodium', async () => {
    const made = await signStatement(requested({ user: [`c1:${HASH}`] }), signer);
    const parsed = parseStatement(made.jws);
    expect(parsed).toEqual({ ok: true, value: made });
    expect(verifyStatement(made, jwk)).toBe(true);
    const [head, body, signature] = made.jws.split('.');
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
    expect(verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature ?? '', 'base64url'))).toBe(true);
  });

  it('is not verified by another key, nor under a kid that is not the key’s own', async () => {
    const made = await signStatement(requested(), signer);
    const other = generateSigningKey();
    expect(verifyStatement(made, other)).toBe(false);
    const borrowed = parseStatement(await forge(made.payload, { kid: other.kid }));
    expect(borrowed.ok && verifyStatement(borrowed.value, jwk)).toBe(false);
  });

  it('fails parsing or verification after any single byte is changed', async () => {
    const made = await signStatement(requested(), signer);
    const bytes = Buffer.from(made.jws);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const parsed = parseStatement(changed.toString('latin1'));
        expect(parsed.ok && verifyStatement(parsed.value, jwk)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(parseStatement(text).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const part = Buffer.from(JSON.stringify(value)).toString('base64url');
        expect(parseStatement(`${part}.${part}.${'A'.repeat(86)}`).ok).toBe(false);
      }),
    );
  });
});

/** A failure whose reason is free text. */
function unsound(why: string): object {
  return { v: 1, t: 'exchange.failed', id: newExchangeId(), ts: 1, ...parties, why, side: 'bus', prev: HASH };
}

describe('a statement is refused', () => {
  const good = requested();
  const json = JSON.stringify(good);
  const token = { v: 1, t: 'anchor.tsr', id: newExchangeId(), ts: 1, n: 8, doc: `h0:${HASH}`, ref: 'x' };
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const cases: readonly [what: string, payload: string | object, reason: string, header?: object][] = [
    ['with a key twice', json.replace('"v":1,', '"v":1,"v":1,'), 'jws-payload'],
    ['with white space', json.replace(',', ', '), 'jws-payload'],
    ['with another spelling of a number', json.replace('"v":1', '"v":1.0'), 'jws-payload'],
    ['with an escaped spelling of a string', json.replace('GOV', '\\u0047OV'), 'jws-payload'],
    ['that is an array', [good], 'jws-payload'],
    ['with an unknown field', { ...good, x: 1 }, 'statement-unknown-field'],
    ['with __proto__', json.replace('"v":1', '"__proto__":{},"v":1'), 'statement-unknown-field'],
    ['with a field of another type', { ...good, st: 200 }, 'statement-unknown-field'],
    ['without purpose', without('pur'), 'statement-missing-field'],
    ['without id', without('id'), 'statement-missing-field'],
    ['without type', without('t'), 'statement-type'],
    ['of an unknown type', { ...good, t: 'exchange.imagined' }, 'statement-type'],
    ['of a type named like a method', { ...good, t: 'constructor' }, 'statement-type'],
    ['of another version', { ...good, v: 2 }, 'statement-bad-field'],
    ['with a time that is no integer', { ...good, ts: 1.5 }, 'statement-bad-field'],
    ['with an id that is no UUIDv7', { ...good, id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' }, 'statement-bad-field'],
    ['with a UUIDv8 where v7 belongs', { ...good, id: '3fa85f64-5717-8562-b3fc-2c963f66afa6' }, 'statement-bad-field'],
    ['with a service of somebody else', { ...good, svc: 'DEMO/GOV/1002/cadastre/x' }, 'statement-bad-field'],
    ['with a reason outside the closed list', unsound('test-000001'), 'statement-bad-field'],
    ['with a reason that is only counted', unsound('gateway-busy'), 'statement-bad-field'],
    ['with a reason named like a method', unsound('constructor'), 'statement-bad-field'],
    ['of a token that is not public', { ...token, doc: `h1:${HASH}` }, 'statement-bad-field'],
    ['of a token without its size', { ...token, n: undefined }, 'statement-missing-field'],
    ['with a raw path', { ...good, ep: 'GET /x?y' }, 'statement-bad-field'],
    ['with a commitment of wrong length', { ...good, subj: ['c1:AAAA'] }, 'statement-bad-field'],
    ['with a non-canonical commitment', { ...good, subj: [`c1:${'A'.repeat(42)}B`] }, 'statement-bad-field'],
    ['with 17 commitments', { ...good, subj: Array(17).fill(`c1:${HASH}`) }, 'statement-bad-field'],
    [
      'with 17 commitments together',
      { ...good, subj: Array(9).fill(`c1:${HASH}`), user: Array(8).fill(`c1:${HASH}`) },
      'statement-bad-field',
    ],
    ['with a parameter in the header', good, 'jws-header', { crit: ['x'] }],
    ['of another typ', good, 'jws-header', { typ: 'JWT' }],
    ['without algorithm', good, 'jws-header', { alg: 'none' }],
    ['with a kid of wrong length', good, 'jws-header', { kid: 'AAAA' }],
    ['over 8 KiB', { ...good, ref: 'x'.repeat(8 * 1024) }, 'jws-too-large'],
  ];
  it.each(cases)('%s', async (_what, payload, reason, header = {}) => {
    expect(parseStatement(await forge(payload, header))).toEqual({ ok: false, reason });
  });

  it('with base64url in another spelling', async () => {
    const { jws } = await signStatement(good, signer);
    for (const spelled of [
      `${jws}=`,
      `${jws}\n`,
      jws.replace('.', '=.'),
      `${jws.slice(0, -1)}/`,
      `${jws}.`,
      `.${jws}`,
    ]) {
      expect(parseStatement(spelled).ok).toBe(false);
    }
  });

  it('before it is signed, if it breaks the table', async () => {
    await expect(signStatement(requested({ snap: 0 }), signer)).rejects.toMatchObject({ code: 'statement-unsound' });
  });
});

const refusals: RefusalsPayload = {
  v: 1,
  t: 'refusals',
  id: newExchangeId(),
  ts: 1,
  why: 'purpose-unknown',
  n: 3,
  until: 60_000,
  ref: 'DEMO/gw1',
};

function access(act: AccessAct): AccessPayload {
  return { v: 1, t: `access.${act}`, id: newExchangeId(), ts: 1, from: parties.from, doc: `h1:${HASH}` };
}

describe('what audit and gateways state of themselves', () => {
  const counted = (more: object) => ({ ...refusals, ...more });

  it('is parsed as it was signed', async () => {
    const more = [counted({ from: parties.from }), counted({ why: 'gateway-busy' })] as RefusalsPayload[];
    for (const payload of [access('searched'), refusals, ...more]) {
      const made = await signStatement<StatementPayload>(payload, signer);
      expect(parseStatement(made.jws)).toEqual({ ok: true, value: made });
    }
  });

  it.each([
    ['an access that says to whom', { ...access('searched'), to: parties.to }, 'statement-unknown-field'],
    ['an act that is not listed', { ...access('searched'), t: 'access.imagined' }, 'statement-type'],
    ['an access by nobody', { ...access('proved'), from: 'x' }, 'statement-bad-field'],
    ['a query in clear', { ...access('exported'), doc: 'consumer=x' }, 'statement-bad-field'],
    ['refusals for free text', counted({ why: 'TEST-000001' }), 'statement-bad-field'],
    ['a count below zero', counted({ n: -1 }), 'statement-bad-field'],
    ['a minute before 1970', counted({ until: -1 }), 'statement-bad-field'],
  ])('is refused: %s', async (_what, payload, reason) => {
    expect(parseStatement(await forge(payload))).toEqual({ ok: false, reason });
  });
});

describe('slots and sequels', () => {
  const base = { v: 1, id: newExchangeId(), ts: 1, ...parties } as const;
  const failed = { ...base, t: 'exchange.failed', why: 'no-receipt', side: 'bus', prev: HASH } as const;
  const rows: readonly [StatementPayload, string | undefined, string | undefined, string | undefined][] = [
    [requested(), 'c0', undefined, undefined],
    [{ ...base, t: 'exchange.answered', st: 200, res: `h1:${HASH}`, prev: HASH, snap: 1 }, undefined, 'p1', undefined],
    [{ ...base, t: 'exchange.refused', why: 'x', snap: 1 }, 'c1', undefined, undefined],
    [{ ...base, t: 'exchange.refused', why: 'x', snap: 1, prev: HASH }, undefined, 'p1', undefined],
    [failed, 'c1', 'p1', undefined],
    [{ ...failed, why: 'no-outcome', side: 'unknown' }, 'c1', 'p1', 'b1'],
    [{ v: 1, t: 'exchange.conflict', id: base.id, ts: 1, ref: 'x', doc: `h0:${HASH}` }, undefined, undefined, '-'],
    [{ v: 1, t: 'anchor.tsr', id: base.id, ts: 1, n: 8, ref: 'x', doc: `h0:${HASH}` }, undefined, undefined, '-'],
    [access('searched'), undefined, undefined, '-'],
    [access('proved'), undefined, undefined, '-'],
    [access('exported'), undefined, undefined, '-'],
    [access('reported'), undefined, undefined, '-'],
    [access('packaged'), undefined, undefined, '-'],
    [refusals, undefined, undefined, undefined],
    [{ v: 1, t: 'log.closed', id: base.id, ts: 1, n: 9, ref: 'x' }, undefined, undefined, '-'],
    [
      { v: 1, t: 'log.opened', id: base.id, ts: 1, n: 9, doc: `h0:${HASH}`, prev: HASH, ref: 'x' },
      undefined,
      undefined,
      '-',
    ],
  ];
  it.each(rows)('gives %j its slot by signer and no other', (payload, from, to, audit) => {
    expect([slotFor(payload, 'from'), slotFor(payload, 'to'), slotFor(payload, 'audit')]).toEqual([from, to, audit]);
    expect(slotFor(payload, 'registry')).toBeUndefined();
    expect(slotFor(payload, 'gateway')).toBe(payload.t === 'refusals' ? '-' : undefined);
  });

  it('counts a sequel only if leaf, id and parties agree', async () => {
    const first = await signStatement(requested(), signer);
    const sequel = (more: object): Statement => {
      const payload = { ...failed, id: first.payload.id, prev: toBase64Url(first.leafHash), ...more };
      return { ...first, payload };
    };
    expect(isSequelOf(sequel({}), first)).toBe(true);
    expect(isSequelOf({ ...first, payload: { ...failed, ...sequelOf(first, 2) } }, first)).toBe(true);
    for (const wrong of [{ prev: HASH }, { id: newExchangeId() }, { from: 'DEMO/GOV/1/x' }, { to: 'DEMO/GOV/1/x' }]) {
      expect(isSequelOf(sequel(wrong), first)).toBe(false);
    }
  });
});
