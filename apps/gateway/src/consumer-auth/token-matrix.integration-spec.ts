import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, jwkSigner, publicJwk, signDocument, type DocumentType, type PrivateJwk } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { assertionFor, tokenOf } from './spec-support/assertion.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from './spec-support/auth-fixture.js';
import { codeIn, onBothFaces, seen } from './spec-support/faces.js';

const OTHER = 'TEST/GOV/1000/other';
const PERSON = `/r1/${PROVIDER}/persons/TEST000001`;
const DATES = { from: '2020-01-01', until: '2099-12-31' };
const key = generateSigningKey();
const others = generateSigningKey();
const revoked = generateSigningKey();
const stranger = generateSigningKey();
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pinned = (jwk: PrivateJwk) => ({ key: publicJwk(jwk), ...DATES });
const CREDENTIALS = { mygov: [pinned(key)], other: [pinned(others)] };

let place: TestDatabase;
let database: Database;
let network: AuthNetwork;
let gateway: ServedGateway;
let revokedToken: string;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  network = await authNetwork(database, { ...CREDENTIALS, mygov: [pinned(key), pinned(revoked)] });
  gateway = await network.serve('TEST/gw1');
  revokedToken = await tokenOf(gateway.url, revoked);
  await network.publish(CREDENTIALS);
});
afterAll(async () => {
  await network.close();
  await database.close();
  await place.drop();
});

const nowS = () => Math.floor(Date.now() / 1000);
const gatewayKey = (id = 'TEST/gw1') => network.fixture.world.keysOf(id).sign;

/** A token as a gateway makes it, but for what is changed. */
function minted(changes: Record<string, unknown> = {}, signing = gatewayKey(), typ: DocumentType = 'at+jwt') {
  const sound = {
    ...{ iss: 'TEST/gw1', aud: 'urn:kerege:gateways:TEST', sub: CONSUMER, client_id: CONSUMER },
    ...{ credential: key.kid, iat: nowS(), exp: nowS() + 300, jti: crypto.randomUUID() },
  };
  return signDocument(typ, { ...sound, ...changes }, jwkSigner(signing));
}

async function forged(header: object, signed: (input: string) => Buffer): Promise<string> {
  const [, payload = ''] = (await minted()).split('.');
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
  return `${input}.${signed(input).toString('base64url')}`;
}

async function altered(change: (parts: string[]) => void): Promise<string> {
  const parts = (await tokenOf(gateway.url, key)).split('.');
  change(parts);
  return parts.join('.');
}

const header = (alg: string) => ({ alg, kid: gatewayKey().kid, typ: 'at+jwt' });
const publicPem = () =>
  createPublicKey({ key: { ...publicJwk(gatewayKey()) } as never, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
const NONE = 'consumer-unauthenticated';

const rows: readonly (readonly [what: string, token: () => Promise<string>, code: string | undefined])[] = [
  ['that was given', () => tokenOf(gateway.url, key), undefined],
  ['as a gateway makes it', () => minted(), undefined],
  ['of another gateway', () => minted({ iss: 'TEST/gw2' }, gatewayKey('TEST/gw2')), undefined],
  ['that has expired', () => minted({ iat: nowS() - 301, exp: nowS() - 1 }), 'access-token-expired'],
  ['that is not valid yet', () => minted({ iat: nowS() + 60, exp: nowS() + 120 }), NONE],
  ['that is good for too long', () => minted({ exp: nowS() + 3_600 }), NONE],
  ['for another instance', () => minted({ aud: 'urn:kerege:gateways:TEST2' }), NONE],
  ['of a gateway that does not serve the consumer', () => minted({ iss: 'TEST/gw3' }, gatewayKey('TEST/gw3')), NONE],
  ['of an issuer that is no gateway', () => minted({ iss: 'TEST/audit1' }, gatewayKey('TEST/audit1')), NONE],
  ['of an issuer that is not there', () => minted({ iss: 'TEST/gw9' }, stranger), NONE],
  ['of a gateway, by another’s key', () => minted({}, gatewayKey('TEST/gw2')), NONE],
  ['of a gateway, by a key of nobody', () => minted({}, stranger), NONE],
  ['of the consumer’s own making', () => minted({ iss: CONSUMER }, network.fixture.world.keysOf(CONSUMER).sign), NONE],
  ['of the consumer’s credential', () => minted({}, key), NONE],
  [
    'of another subsystem',
    () => tokenOf(gateway.url, others, { claims: { iss: OTHER, sub: OTHER } }),
    'client-disagrees',
  ],
  ['of another subsystem’s credential', () => minted({ credential: others.kid }), NONE],
  ['about another than its client', () => minted({ sub: OTHER }), NONE],
  ['whose credential is revoked', () => Promise.resolve(revokedToken), NONE],
  ['that is of another kind', () => minted({}, gatewayKey(), 'kerege-reader+jwt'), NONE],
  ['that says more than it should', () => minted({ scope: 'all' }), NONE],
  ['that is unsigned', () => forged(header('none'), () => Buffer.alloc(0)), NONE],
  [
    'signed with the public key as a secret',
    () => forged(header('HS256'), (input) => createHmac('sha256', publicPem()).update(input).digest()),
    NONE,
  ],
  [
    'by RSA of 1024 bits',
    () => forged(header('RS256'), (input) => sign('sha256', Buffer.from(input), rsa.privateKey)),
    NONE,
  ],
  ['of an algorithm that is not its key’s', () => forged(header('ES256'), () => Buffer.alloc(64, 1)), NONE],
  [
    'with another header',
    () =>
      altered((parts) => (parts[0] = Buffer.from(JSON.stringify({ ...header('EdDSA'), x: 1 })).toString('base64url'))),
    NONE,
  ],
  [
    'with other claims',
    () =>
      altered((parts) => {
        const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString()) as { exp: number };
        parts[1] = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp - 1 })).toString('base64url');
      }),
    NONE,
  ],
  ['with another signature', () => altered((parts) => (parts[2] = `${parts[2]?.slice(0, -4) ?? ''}AAAA`)), NONE],
  ['that is an assertion', () => assertionFor(gateway.url, key), NONE],
  ['that is nothing', () => Promise.resolve('nothing'), NONE],
];

test.each(rows)('a token %s', async (_what, make, code) => {
  const token = await make();
  const answers = await onBothFaces(async (accept) => {
    const headers = { Authorization: `Bearer ${token}`, 'X-Road-Client': CONSUMER, Accept: accept };
    const answer = await fetch(`${gateway.url}${PERSON}`, { headers });
    const body = await answer.text();
    return { status: answer.status, xRoadError: answer.headers.get('x-road-error') ?? undefined, code: codeIn(body) };
  });
  expect(answers).toEqual(seen(code));
});

test('two tokens are none', async () => {
  const token = await tokenOf(gateway.url, key);
  const headers = new Headers({ 'X-Road-Client': CONSUMER, Accept: 'application/problem+json' });
  headers.append('Authorization', `Bearer ${token}`);
  expect((await fetch(`${gateway.url}${PERSON}`, { headers })).status).toBe(200);
  headers.append('Authorization', `Bearer ${token}`);
  expect((await fetch(`${gateway.url}${PERSON}`, { headers })).status).toBe(401);
});

test('without any, X-Road-Client alone is nothing, and nobody learns which subsystems there are', async () => {
  const ask = async (client: string) => {
    const headers = { 'X-Road-Client': client, Accept: 'application/problem+json' };
    const answer = await fetch(`${gateway.url}${PERSON}`, { headers });
    return { ...((await answer.json()) as Record<string, unknown>), requestId: undefined };
  };
  const [there, gone] = [await ask(CONSUMER), await ask('TEST/GOV/1000/nobody')];
  expect(there).toMatchObject({ status: 401, code: NONE });
  expect(gone).toEqual(there);
});
