import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, publicJwk } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { assertionFor } from './spec-support/assertion.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from './spec-support/auth-fixture.js';
import { makeAuthority, selfSigned, type Issued } from './spec-support/authority.js';
import { codeIn, onBothFaces, seen, type FaceAnswer } from './spec-support/faces.js';
import { tlsClient } from './spec-support/tls-client.js';

const OTHER = 'TEST/GOV/1000/other';
const PERSON = `/r1/${PROVIDER}/persons/TEST000001`;
const DATES = { from: '2020-01-01', until: '2099-12-31' };
const DAY_MS = 24 * 60 * 60_000;
const NONE = 'consumer-unauthenticated';
const key = generateSigningKey();

let place: TestDatabase;
let database: Database;
let folder: string;
let network: AuthNetwork;
let gateway: ServedGateway;
let authority: Awaited<ReturnType<typeof makeAuthority>>;
let certificates: Awaited<ReturnType<typeof makeCertificates>>;

async function makeCertificates() {
  const foreign = await makeAuthority('Authority');
  const good = await authority.issue();
  return {
    good,
    rsa2048: await authority.issue({ rsaBits: 2048 }),
    expired: await authority.issue({ fromMs: Date.now() - 9 * DAY_MS, untilMs: Date.now() - DAY_MS }),
    early: await authority.issue({ fromMs: Date.now() + DAY_MS, untilMs: Date.now() + 9 * DAY_MS }),
    forServers: await authority.issue({ usage: 'server' }),
    foreign: await foreign.issue(),
    revoked: await authority.issue(),
    selfSigned: await selfSigned(),
    rsa1024: await authority.issue({ rsaBits: 1024 }),
    sha1: await authority.issue({ hash: 'SHA-1' }),
    ended: await authority.issue(),
    unpinned: await authority.issue(),
    sameKey: await authority.issue({ keyOf: good }),
    others: await authority.issue(),
  };
}

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  authority = await makeAuthority('Authority');
  certificates = await makeCertificates();
  const { ended, unpinned, sameKey, others } = certificates;
  const apart = new Set([ended, unpinned, sameKey, others]);
  const always = Object.values(certificates).filter((issued) => !apart.has(issued));
  const pinned = ({ sha256 }: Issued, dates: object = DATES) => ({ certificate: sha256, ...dates });
  network = await authNetwork(database, {
    mygov: [
      ...always.map((issued) => pinned(issued)),
      pinned(ended, { from: '2020-01-01', until: '2020-12-31' }),
      { key: publicJwk(key), ...DATES },
    ],
    other: [pinned(others)],
  });
  folder = await mkdtemp(join(tmpdir(), 'kerege-tls-'));
  const server = await authority.issue();
  const files = {
    cert: server.cert,
    key: server.key,
    ca: authority.cert,
    crl: await authority.revoke([certificates.revoked.serial]),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, `${name}.pem`), text);
  gateway = await network.serve('TEST/gw1', {
    tlsCertFile: join(folder, 'cert.pem'),
    tlsKeyFile: join(folder, 'key.pem'),
    tlsClientCaFile: join(folder, 'ca.pem'),
    tlsClientCrlFile: join(folder, 'crl.pem'),
  });
});
afterAll(async () => {
  await network.close();
  await database.close();
  await place.drop();
  await rm(folder, { recursive: true });
});

async function ask(own: Issued | undefined, headers: Record<string, string>, path = PERSON): Promise<FaceAnswer> {
  const { call, close } = tlsClient(authority.cert, own);
  try {
    const answer = await call(`${gateway.url}${path}`, headers);
    const xRoadError = answer.headers['x-road-error']?.toString();
    return { status: answer.status, xRoadError, code: codeIn(answer.body) };
  } finally {
    close();
  }
}

type Row = readonly [what: string, own: () => Issued | undefined, client: string, code: string | undefined];
const rows: readonly Row[] = [
  ['that the subsystem has pinned', () => certificates.good, CONSUMER, undefined],
  ['with an RSA key of 2048 bits', () => certificates.rsa2048, CONSUMER, undefined],
  ['that has expired', () => certificates.expired, CONSUMER, NONE],
  ['that is not valid yet', () => certificates.early, CONSUMER, NONE],
  ['that is for servers', () => certificates.forServers, CONSUMER, NONE],
  ['of an authority of the same name', () => certificates.foreign, CONSUMER, NONE],
  ['that vouches for itself', () => certificates.selfSigned, CONSUMER, NONE],
  ['that its authority has revoked', () => certificates.revoked, CONSUMER, NONE],
  ['whose time in the registry is over', () => certificates.ended, CONSUMER, NONE],
  ['that nobody has pinned', () => certificates.unpinned, CONSUMER, NONE],
  ['new for the key of a pinned one', () => certificates.sameKey, CONSUMER, NONE],
  ['of another subsystem', () => certificates.others, CONSUMER, NONE],
  ['for a subsystem that is not there', () => certificates.good, 'TEST/GOV/1000/nobody', NONE],
  ['with an RSA key of 1024 bits', () => certificates.rsa1024, CONSUMER, NONE],
  ['signed over SHA-1', () => certificates.sha1, CONSUMER, NONE],
  ['that is not there', () => undefined, CONSUMER, NONE],
];

test.each(rows)('a certificate %s', async (_what, own, client, code) => {
  const answers = await onBothFaces((accept) => ask(own(), { 'X-Road-Client': client, Accept: accept }));
  expect(answers).toEqual(seen(code));
});

test('a certificate of another subsystem, for that one', async () => {
  const path = `/v1/exchanges/${newExchangeId()}`;
  const asked = (client: string) => ask(certificates.others, { 'X-Road-Client': client }, path);
  expect([(await asked(OTHER)).code, (await asked(CONSUMER)).code]).toEqual(['exchange-unknown', NONE]);
});

test('a certificate whose bytes were altered', async () => {
  const der = Buffer.from(certificates.good.cert.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const signature = der.length - 3;
  der.writeUInt8(der.readUInt8(signature) ^ 1, signature);
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const own = { ...certificates.good, cert };
  const answers = await onBothFaces((accept) => ask(own, { 'X-Road-Client': CONSUMER, Accept: accept }));
  expect(answers).toEqual(seen(NONE));
});

test('a certificate without the name of its subsystem', async () => {
  const answers = await onBothFaces((accept) => ask(certificates.good, { Accept: accept }));
  expect(answers.map(({ code, xRoadError }) => code ?? xRoadError)).toEqual([
    'client-missing',
    'server.clientproxy.invalid_client_identifier',
  ]);
});

test('a certificate beside a token that is wrong helps nothing, and beside none of ours it is enough', async () => {
  const headers = { 'X-Road-Client': CONSUMER, Accept: 'application/problem+json' };
  const aud = 'urn:kerege:gateways:TEST';
  const wrong = await assertionFor(gateway.url, key, { claims: { aud } });
  expect(await ask(certificates.good, { ...headers, Authorization: `Bearer ${wrong}` })).toMatchObject({ code: NONE });
  const agencys = await assertionFor(gateway.url, key, { claims: { aud: 'https://agency.example' } });
  expect(await ask(certificates.good, { ...headers, Authorization: `Bearer ${agencys}` })).toMatchObject({
    status: 200,
  });
  const [seenLast] = network.fixture.provider.seen.slice(-1);
  expect(seenLast?.content.headers.map(({ name }) => name.toLowerCase())).toContain('authorization');
});
