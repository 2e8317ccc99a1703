import { beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { importJWK, SignJWT } from 'jose';
import { AssertionMemory, verifyEndUser } from '#end-user';
import { newExchangeId, type InstanceId, type SubsystemId } from '#kernel';
import { checkReaderToken } from '#reader-auth';
import { generateSigningKey, jwkSigner, parseStatement, publicJwk, signStatement, verifyStatement } from '#signing';
import { buildWorld, TestIssuer, type World } from '#testing';
import {
  AccessTokens,
  isAccessTokenField,
  makeAccessToken,
} from '../../apps/gateway/src/consumer-auth/access-token.js';
import { checkAssertion } from '../../apps/gateway/src/consumer-auth/client-assertion.js';
import { fuzz, mutatedText, PLANTED } from './fuzz.js';

const CLIENT = 'TEST/GOV/1000/mygov' as SubsystemId;
const AUDIENCE = 'https://here.example';
const READER_TOKEN_TYPE = 'kerege-reader+jwt';
const key = generateSigningKey();
const nowS = () => Math.floor(Date.now() / 1000);
let world: World;
let issuer: TestIssuer;
let sound: Record<'assertion' | 'reader' | 'endUser' | 'access' | 'statement', string>;

async function signed(claims: object, header: object): Promise<string> {
  const { kty, crv, x, d } = key;
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, ...header })
    .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
}

const claimsNow = () => ({
  iss: CLIENT,
  sub: CLIENT,
  aud: AUDIENCE,
  iat: nowS(),
  exp: nowS() + 60,
  jti: crypto.randomUUID(),
});

beforeAll(async () => {
  issuer = await TestIssuer.create();
  world = await buildWorld();
  const gateway = 'TEST/gw1' as InstanceId;
  const parts = { instance: 'TEST', gateway, client: CLIENT, credential: key.kid, nowMs: Date.now() };
  const doc = `h0:${Buffer.alloc(32).toString('base64url')}`;
  const manifest = {
    v: 1,
    t: 'registry.manifest',
    id: newExchangeId(),
    ts: Date.now(),
    n: 1,
    until: Date.now() + 60_000,
    doc,
  } as const;
  sound = {
    assertion: await signed(claimsNow(), {}),
    reader: await signed(claimsNow(), { typ: READER_TOKEN_TYPE }),
    endUser: await issuer.mint(PLANTED, CLIENT),
    access: await makeAccessToken(parts, jwkSigner(world.keysOf('TEST/gw1').sign)),
    statement: (await signStatement(manifest, jwkSigner(world.keysOf('TEST/registry1').sign))).jws,
  };
});

const credentialOf = (_: SubsystemId, kid: string) => (kid === key.kid ? publicJwk(key) : undefined);
const keyOf = (_: SubsystemId, kid: string) => credentialOf(_, kid);
const asAssertion = (token: string) => checkAssertion(token, { audience: AUDIENCE, nowMs: Date.now(), credentialOf });
const asReader = (token: string) => checkReaderToken(token, { audience: AUDIENCE, nowMs: Date.now(), keyOf });
const asEndUser = (token: string) =>
  verifyEndUser(token, {
    ...{ issuers: [issuer.entry], consumer: CLIENT, service: undefined },
    ...{ nowMs: Date.now(), memory: new AssertionMemory() },
  });

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Any two JSON values as header and claims, with whatever for a signature. */
const madeUp = fc
  .tuple(fc.jsonValue(), fc.jsonValue(), fc.constantFrom('', 'AA', 'A'.repeat(86), '!'))
  .map(([header, claims, signature]) => `${b64(header)}.${b64(claims)}.${signature}`);
const algorithms = fc.constantFrom(
  'none',
  'None',
  'HS256',
  'RS256',
  'ES256',
  'EdDSA',
  'Ed25519',
  'dir',
  '',
  '__proto__',
);
/** A header that names another way to check, over sound claims and the sound signature. */
const confused = (token: string) =>
  fc
    .tuple(
      algorithms,
      fc.dictionary(fc.constantFrom('typ', 'kid', 'jwk', 'jku', 'x5c', 'crit', 'b64', 'zip'), fc.jsonValue()),
    )
    .map(([alg, more]) => [b64({ alg, kid: key.kid, ...more }), ...token.split('.').slice(1)].join('.'));
const tokensLike = (token: string) =>
  fc.oneof(mutatedText([token], ['.', '..', '=', '-', '\u0000', ' ']), madeUp, confused(token));

/** Nothing that differs from a sound token is believed; a last character whose spare bits are ignored is no difference. */
function expectRefused(result: { ok: boolean; reason?: unknown }, token: string, original: string): void {
  if (result.ok) expect(canonical(token)).toBe(canonical(original));
  else expect(JSON.stringify(result.reason)).not.toContain(PLANTED);
}
const canonical = (token: string) =>
  token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');

it('believes no client assertion that was touched', () =>
  fuzz('client assertion', tokensLike(sound.assertion), async (token) =>
    expectRefused(await asAssertion(token), token, sound.assertion),
  ));

it('believes no reader token that was touched', () =>
  fuzz('reader token', tokensLike(sound.reader), async (token) =>
    expectRefused(await asReader(token), token, sound.reader),
  ));

it('believes no end user that was touched', () =>
  fuzz('end-user assertion', tokensLike(sound.endUser), async (token) =>
    expectRefused(await asEndUser(token), token, sound.endUser),
  ));

it('believes no access token that was touched', () => {
  const tokens = new AccessTokens();
  return fuzz('access token', tokensLike(sound.access), (token) => {
    isAccessTokenField({ name: 'Authorization', value: `Bearer ${token}` });
    expect(tokens.read(token, world.view, Date.now()).ok).toBe(false);
  });
});

it('believes no statement that was touched', () => {
  const jwk = world.keysOf('TEST/registry1').sign;
  return fuzz('statement', tokensLike(sound.statement), (token) => {
    const parsed = parseStatement(token);
    if (parsed.ok && verifyStatement(parsed.value, publicJwk(jwk))) expect(token).toBe(sound.statement);
  });
});

/** Whoever has a key may sign what he likes: claims of any type under the right names. */
const claims = fc.dictionary(
  fc.constantFrom('iss', 'sub', 'aud', 'iat', 'exp', 'nbf', 'jti', 'azp', 'acr', 'represents', '__proto__', 'crit'),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(CLIENT, AUDIENCE, [AUDIENCE], nowS(), nowS() + 60, 1e300, -1, '1', 12_345_678),
  ),
);

it('takes from signed claims only what is of the type that it says', () =>
  fuzz('signed claims', claims, async (changes) => {
    const assertion = await asAssertion(await signed({ ...claimsNow(), ...changes }, {}));
    if (assertion.ok) {
      expect(assertion.value).toMatchObject({ client: CLIENT, credential: key.kid });
      expect(Number.isSafeInteger(assertion.value.untilMs)).toBe(true);
    }
    const reader = await asReader(await signed({ ...claimsNow(), ...changes }, { typ: READER_TOKEN_TYPE }));
    if (reader.ok) {
      expect(typeof reader.value.jti).toBe('string');
      expect(Number.isFinite(reader.value.untilMs)).toBe(true);
    }
    const person = await asEndUser(await issuer.mint(PLANTED, CLIENT, { claims: changes }));
    if (person.ok) expect(typeof person.value.user.code).toBe('string');
  }));
