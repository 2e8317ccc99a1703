import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, publicJwk, thumbprint, type PrivateJwk } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { CONSUMER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { askToken, assertionFor, type AssertionChanges } from './spec-support/assertion.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from './spec-support/auth-fixture.js';

const OTHER = 'TEST/GOV/1000/other';
const DATES = { from: '2020-01-01', until: '2099-12-31' };
const nowS = () => Math.floor(Date.now() / 1000);

function p256Key(): PrivateJwk {
  const {
    kty = '',
    crv = '',
    x = '',
    y = '',
    d = '',
  } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  }).privateKey.export({ format: 'jwk' });
  return { kty, crv, x, y, d, use: 'sig', kid: thumbprint({ kty, crv, x, y }) };
}

const key = generateSigningKey();
const curve = p256Key();
const others = generateSigningKey();
const stranger = generateSigningKey();
const ended = generateSigningKey();
const coming = generateSigningKey();
const revoked = generateSigningKey();
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pinned = (jwk: PrivateJwk, dates: object = DATES) => ({ key: publicJwk(jwk), ...dates });
const CREDENTIALS = {
  mygov: [
    ...[pinned(key), pinned(curve), pinned(ended, { from: '2020-01-01', until: '2020-12-31' })],
    pinned(coming, { from: '2098-01-01', until: '2099-12-31' }),
  ],
  other: [pinned(others)],
};

let place: TestDatabase;
let database: Database;
let network: AuthNetwork;
let gateway: ServedGateway;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  network = await authNetwork(database, { ...CREDENTIALS, mygov: [...CREDENTIALS.mygov, pinned(revoked)] });
  gateway = await network.serve('TEST/gw1');
  await network.publish(CREDENTIALS);
});
afterAll(async () => {
  await network.close();
  await database.close();
  await place.drop();
});

type Row = readonly [what: string, assertion: () => Promise<string>, code: string | undefined];

const made = (signing: PrivateJwk, changes: AssertionChanges = {}) => assertionFor(gateway.url, signing, changes);
const claiming = (claims: Record<string, unknown>) => () => made(key, { claims });
const withHeader = (header: Record<string, string>) => () => made(key, { header });

/** The same claims under a header and a signature of the attacker's choice. */
async function forged(header: object, signed: (input: string) => Buffer): Promise<string> {
  const [, payload = ''] = (await made(key)).split('.');
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
  return `${input}.${signed(input).toString('base64url')}`;
}

async function altered(part: 0 | 1 | 2): Promise<string> {
  const parts = (await made(key)).split('.');
  if (part === 2) parts[2] = `${parts[2]?.slice(0, -4) ?? ''}AAAA`;
  else {
    const said = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString()) as object;
    parts[part] = Buffer.from(JSON.stringify({ ...said, more: 1 })).toString('base64url');
  }
  return parts.join('.');
}

const ownKey = () => createPrivateKey({ key: { ...publicJwk(key), d: key.d } as never, format: 'jwk' });
const publicPem = () =>
  createPublicKey({ key: { ...publicJwk(key) } as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });

const rows: readonly Row[] = [
  ['by an Ed25519 key', () => made(key), undefined],
  ['by a P-256 key', () => made(curve), undefined],
  ['with times that are no whole seconds', () => made(key, { claims: { exp: nowS() + 60.25 } }), undefined],
  ['typed JWT', withHeader({ typ: 'JWT' }), undefined],
  ['typed as the successor of RFC 7523 has it', withHeader({ typ: 'client-authentication+jwt' }), undefined],
  ['expired', () => made(key, { claims: { iat: nowS() - 120, exp: nowS() - 60 } }), 'assertion-expired'],
  ['not yet valid', claiming({ nbf: nowS() + 120 }), 'assertion-early'],
  ['of the future', () => made(key, { claims: { iat: nowS() + 120, exp: nowS() + 180 } }), 'assertion-early'],
  ['good for too long', () => made(key, { claims: { exp: nowS() + 400 } }), 'assertion-long'],
  ['for another gateway', claiming({ aud: 'https://gw2.example' }), 'assertion-audience'],
  ['for its token path', () => made(key, { claims: { aud: `${gateway.url}/v1/token` } }), 'assertion-audience'],
  ['for two', () => made(key, { claims: { aud: [gateway.url, 'https://gw2.example'] } }), 'assertion-audience'],
  ['for nobody', claiming({ aud: undefined }), 'assertion-claims'],
  ['without an end', claiming({ exp: undefined }), 'assertion-claims'],
  ['without a beginning', claiming({ iat: undefined }), 'assertion-claims'],
  ['without an id', claiming({ jti: undefined }), 'assertion-claims'],
  ['with an id that is a number', claiming({ jti: 123_456_789 }), 'assertion-claims'],
  ['with an id that says nothing', claiming({ jti: 'x' }), 'assertion-claims'],
  ['about another than its issuer', claiming({ sub: OTHER }), 'assertion-claims'],
  ['of a member, which is no subsystem', claiming({ iss: 'TEST/GOV/1000' }), 'assertion-malformed'],
  ['in the name of another subsystem', claiming({ iss: OTHER, sub: OTHER }), 'client-unauthenticated'],
  ['of a subsystem that is not there', claiming({ iss: `${OTHER}2`, sub: `${OTHER}2` }), 'client-unauthenticated'],
  [
    'of one that is served elsewhere',
    claiming({ iss: 'TEST/GOV/1001/population', sub: 'TEST/GOV/1001/population' }),
    'client-unauthenticated',
  ],
  ['by another key under this name', () => made(key, { key: stranger }), 'client-unauthenticated'],
  ['by a key that nobody registered', () => made(stranger), 'client-unauthenticated'],
  [
    'by a key that it brings along',
    () => made(stranger, { header: { jwk: publicJwk(stranger) as never } }),
    'client-unauthenticated',
  ],
  ['by another’s registered key', () => made(others), 'client-unauthenticated'],
  [
    'by the key that signs its statements',
    () => made(network.fixture.world.keysOf(CONSUMER).sign),
    'client-unauthenticated',
  ],
  ['by a key whose time is over', () => made(ended), 'client-unauthenticated'],
  ['by a key whose time has not come', () => made(coming), 'client-unauthenticated'],
  ['by a revoked key', () => made(revoked), 'client-unauthenticated'],
  ['without the name of its key', () => made(key, { header: { kid: undefined } }), 'assertion-malformed'],
  ['typed as an access token', withHeader({ typ: 'at+jwt' }), 'assertion-type'],
  ['typed as a statement', withHeader({ typ: 'kerege-statement+jwt' }), 'assertion-type'],
  [
    'with an extension that must be understood',
    () =>
      forged({ alg: 'EdDSA', kid: key.kid, crit: ['x'], x: 1 }, (input) => sign(null, Buffer.from(input), ownKey())),
    'client-unauthenticated',
  ],
  ['unsigned', () => forged({ alg: 'none', kid: key.kid }, () => Buffer.alloc(0)), 'assertion-algorithm'],
  [
    'signed with its public key as a secret',
    () => forged({ alg: 'HS256', kid: key.kid }, (input) => createHmac('sha256', publicPem()).update(input).digest()),
    'assertion-algorithm',
  ],
  [
    'by RSA of 1024 bits',
    () => forged({ alg: 'RS256', kid: key.kid }, (input) => sign('sha256', Buffer.from(input), rsa.privateKey)),
    'assertion-algorithm',
  ],
  [
    'of an algorithm that is not its key’s',
    () => forged({ alg: 'ES256', kid: key.kid }, () => Buffer.alloc(64, 1)),
    'client-unauthenticated',
  ],
  ['with another header', () => altered(0), 'client-unauthenticated'],
  ['with other claims', () => altered(1), 'client-unauthenticated'],
  ['with another signature', () => altered(2), 'client-unauthenticated'],
  ['that is none', () => Promise.resolve('a.b.c'), 'assertion-malformed'],
  ['that is too long', () => Promise.resolve(`${'a'.repeat(5_000)}.b.c`), 'assertion-malformed'],
];

test.each(rows)('an assertion %s', async (_what, assertion, code) => {
  const given = await askToken(gateway.url, await assertion());
  const refused = { status: 401, body: { error: 'invalid_client', code } };
  expect(given).toMatchObject(code === undefined ? { status: 200, body: { token_type: 'Bearer' } } : refused);
  expect(given.body.access_token === undefined).toBe(code !== undefined);
});

test('an assertion shown twice', async () => {
  const assertion = await made(key);
  expect((await askToken(gateway.url, assertion)).status).toBe(200);
  expect(await askToken(gateway.url, assertion)).toMatchObject({ status: 401, body: { code: 'assertion-used' } });
});

test('refusals tell nobody which subsystems and which keys there are', async () => {
  const wrong = [
    claiming({ iss: `${OTHER}2`, sub: `${OTHER}2` }),
    () => made(stranger),
    () => made(revoked),
    () => altered(2),
  ];
  // Also what is wrong beside the key is told to the holder of the key alone.
  const late = { iat: nowS() - 120, exp: nowS() - 60 };
  const answers = [];
  for (const assertion of [...wrong, () => made(key, { key: stranger, claims: late })])
    answers.push(await askToken(gateway.url, await assertion()));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
});
