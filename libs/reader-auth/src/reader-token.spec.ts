import { SignJWT, importJWK } from 'jose';
import { defineErrors } from '#kernel';
import { generateSigningKey, type PrivateJwk } from '#signing';
import { checkInstanceToken, checkReaderToken, READER_TOKEN_TYPE } from './reader-token.js';
import { TokenMemory } from './token-memory.js';

const READER = 'DEMO/GOV/1000/mygov';
const AUDIENCE = 'https://audit.demo.example';
const NOW_S = 1_790_000_000;
const key = generateSigningKey();
const other = generateSigningKey();

interface Made {
  readonly claims?: Readonly<Record<string, string | number | undefined>>;
  readonly header?: { alg?: string; kid?: string; typ?: string };
  readonly signedWith?: PrivateJwk;
}

async function token({ claims = {}, header = {}, signedWith = key }: Made = {}): Promise<string> {
  const sound = { iss: READER, sub: READER, aud: AUDIENCE, iat: NOW_S, exp: NOW_S + 300, jti: 'one-token' };
  const all: [string, unknown][] = Object.entries({ ...sound, ...claims });
  const given = all.filter(([, value]) => value !== undefined);
  const { kty, crv, x, d } = signedWith;
  return new SignJWT(Object.fromEntries(given))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: READER_TOKEN_TYPE, ...header })
    .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
}

const check = (made: string, nowMs = NOW_S * 1000) =>
  checkReaderToken(made, {
    audience: AUDIENCE,
    nowMs,
    keyOf: (subsystem, kid) => (subsystem === READER && kid === key.kid ? key : undefined),
  });

describe('a reader’s token', () => {
  it('tells who made it, and until when its id is to be remembered', async () => {
    const value = { reader: READER, jti: 'one-token', untilMs: (NOW_S + 330) * 1000 };
    expect(await check(await token())).toEqual({ ok: true, value });
  });

  it.each<[string, Made, string]>([
    ['of another signer under this kid', { signedWith: other }, 'token-signature'],
    ['under a kid that nobody published', { header: { kid: other.kid } }, 'token-key-unknown'],
    ['in the name of somebody else', { claims: { iss: 'DEMO/GOV/1001/population' } }, 'token-key-unknown'],
    ['by nobody', { claims: { iss: undefined } }, 'token-malformed'],
    ['by a member, which is no subsystem', { claims: { iss: 'DEMO/GOV/1000' } }, 'token-malformed'],
    ['about somebody else', { claims: { sub: 'DEMO/GOV/1001/population' } }, 'token-claims'],
    ['for another log', { claims: { aud: 'https://other.example' } }, 'token-audience'],
    ['of another kind', { header: { typ: 'kerege-statement+jwt' } }, 'token-claims'],
    ['of no kind', { header: { typ: 'JWT' } }, 'token-claims'],
    ['that lives too long', { claims: { exp: NOW_S + 301 } }, 'token-claims'],
    ['of the future', { claims: { iat: NOW_S + 120, exp: NOW_S + 200 } }, 'token-claims'],
    ['without an id', { claims: { jti: undefined } }, 'token-claims'],
    ['with an id that is too short', { claims: { jti: 'x' } }, 'token-claims'],
    ['with a number for an id', { claims: { jti: 12_345_678 } }, 'token-claims'],
    ['without an end', { claims: { exp: undefined } }, 'token-claims'],
    ['without a beginning', { claims: { iat: undefined } }, 'token-claims'],
  ])('is refused: %s', async (_what, made, reason) => {
    expect(await check(await token(made))).toEqual({ ok: false, reason });
  });

  it('is neither good nor bad while its key cannot be looked up', async () => {
    const errors = defineErrors('spec', { 'keys-lost': { kind: 'unavailable', message: 'Lost.', next: 'Wait.' } });
    const keyOf = () => Promise.reject(errors.error('keys-lost'));
    const asked = checkReaderToken(await token(), { audience: AUDIENCE, nowMs: NOW_S * 1000, keyOf });
    await expect(asked).rejects.toMatchObject({ code: 'keys-lost' });
  });

  it('is refused when its time is over, and when it is older than five minutes', async () => {
    const made = await token();
    expect(await check(made, (NOW_S + 329) * 1000)).toMatchObject({ ok: true });
    expect(await check(made, (NOW_S + 331) * 1000)).toEqual({ ok: false, reason: 'token-expired' });
  });

  it('is refused unsigned, changed or when it is none', async () => {
    const made = await token();
    const [, payload = ''] = made.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: READER_TOKEN_TYPE, kid: key.kid })).toString(
      'base64url',
    );
    for (const bad of [`${none}.${payload}.`, `${made}x`, 'x', '', 'a.b.c', 'x'.repeat(10_000)])
      expect(await check(bad)).toMatchObject({ ok: false });
  });
});

describe('a token of an instance', () => {
  const INSTANCE = 'DEMO/feedback1';
  const of = (made: string, instanceId = INSTANCE) =>
    checkInstanceToken(made, {
      ...{ instanceId, audience: AUDIENCE, nowMs: NOW_S * 1000 },
      keyOf: (kid) => (kid === key.kid ? key : undefined),
    });

  it('is believed of that instance alone, and by its own key alone', async () => {
    const made = await token({ claims: { iss: INSTANCE, sub: INSTANCE } });
    expect(await of(made)).toEqual({ ok: true, value: { jti: 'one-token', untilMs: (NOW_S + 330) * 1000 } });
    expect(await of(made, 'DEMO/feedback2')).toEqual({ ok: false, reason: 'token-claims' });
    expect(await of(await token())).toEqual({ ok: false, reason: 'token-claims' });
    const foreign = await token({ claims: { iss: INSTANCE, sub: INSTANCE }, signedWith: other });
    expect(await of(foreign)).toEqual({ ok: false, reason: 'token-signature' });
  });
});

describe('used tokens', () => {
  it('are known until they end, each reader’s apart, and no more than are remembered', () => {
    const memory = new TokenMemory(2);
    const use = (reader: string, jti: string, nowMs: number) =>
      memory.use(reader, { jti, untilMs: nowMs + 100 }, nowMs);
    expect([use('a', '1', 0), use('a', '1', 50), use('b', '1', 50), use('a', '2', 50), use('a', '3', 60)]).toEqual([
      'first',
      'again',
      'first',
      'first',
      'full',
    ]);
    expect([use('a', '1', 100), use('a', '2', 101)]).toEqual(['first', 'again']);
  });
});
