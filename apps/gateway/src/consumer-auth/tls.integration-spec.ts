import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, publicJwk } from '#signing';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import type { ConsumerAuthSettings } from './consumer-auth.module.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from './spec-support/auth-fixture.js';
import { makeAuthority, type Authority, type Issued } from './spec-support/authority.js';
import { tlsClient } from './spec-support/tls-client.js';

const PERSON = `/r1/${PROVIDER}/persons/TEST000001`;
const DATES = { from: '2020-01-01', until: '2099-12-31' };
const AS_CONSUMER = { 'X-Road-Client': CONSUMER, Accept: 'application/problem+json' };
const key = generateSigningKey();

let place: TestDatabase;
let database: Database;
let authority: Authority;
let client: Issued;
let second: Issued;
let server: Issued;
let folder: string;
let network: AuthNetwork;
let gateway: ServedGateway;
let settings: Partial<ConsumerAuthSettings>;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  authority = await makeAuthority('Authority');
  [client, second, server] = await Promise.all([authority.issue(), authority.issue(), authority.issue()]);
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerege-tls-'));
  settings = {
    tlsCertFile: join(folder, 'cert.pem'),
    tlsKeyFile: join(folder, 'key.pem'),
    tlsClientCaFile: join(folder, 'ca.pem'),
    tlsClientCrlFile: join(folder, 'crl.pem'),
  };
  await writeServer(server);
  await write('ca', authority.cert);
  await write('crl', await authority.revoke([]));
  const pinned = [client, second].map(({ sha256 }) => ({ certificate: sha256, ...DATES }));
  network = await authNetwork(database, { mygov: [...pinned, { key: publicJwk(key), ...DATES }] });
  gateway = await network.serve('TEST/gw1', settings);
});
afterEach(async () => {
  await network.close();
  await rm(folder, { recursive: true });
});

const write = (name: string, text: string) => writeFile(join(folder, `${name}.pem`), text);
const writeServer = async ({ cert, key: text }: Issued) => {
  await write('cert', cert);
  await write('key', text);
};

async function statusOf(own: Issued | undefined, headers: Record<string, string> = AS_CONSUMER): Promise<number> {
  const { call, close } = tlsClient(authority.cert, own);
  const { status } = await call(`${gateway.url}${PERSON}`, headers);
  close();
  return status;
}

describe('a gateway with TLS', () => {
  test('lets in by certificate, and only by TLS', async () => {
    expect(gateway.url).toMatch(/^https:/);
    expect(await statusOf(client)).toBe(200);
    expect(await statusOf(undefined)).toBe(401);
    await expect(fetch(`${gateway.url.replace('https', 'http')}${PERSON}`)).rejects.toThrow();
  });

  test('speaks no TLS older than it was told', async () => {
    const strict = await network.serve('TEST/gw1', { ...settings, tlsMinVersion: '1.3' });
    const spoken = (url: string, maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
      new Promise<string>((resolve) => {
        const { hostname, port } = new URL(url);
        // The client itself is ready to speak the oldest version.
        const versions = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        const socket = connect({
          host: hostname,
          port: Number(port),
          ca: authority.cert,
          rejectUnauthorized: false,
          ...versions,
        });
        socket.on('secureConnect', () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.on('error', () => resolve('refused'));
      });
    expect(await spoken(gateway.url, 'TLSv1.1')).toBe('refused');
    expect(await spoken(gateway.url, 'TLSv1.2')).toBe('TLSv1.2');
    expect(await spoken(strict.url, 'TLSv1.2')).toBe('refused');
  });

  test('shows a new certificate and looks at a new revocation list without a restart; kept connections end', async () => {
    const kept = tlsClient(authority.cert, client, true);
    const other = tlsClient(authority.cert, second, true);
    const call = async ({ call: ask }: typeof kept) => (await ask(`${gateway.url}${PERSON}`, AS_CONSUMER)).status;
    expect([await call(kept), await call(other)]).toEqual([200, 200]);
    await write('crl', await authority.revoke([client.serial]));
    expect([await call(kept), await gateway.auth.tls?.reload(), await gateway.auth.tls?.reload()]).toEqual([
      200,
      true,
      false,
    ]);
    await eventually(async () => (await call(kept).catch(() => 0)) === 401);
    await eventually(async () => (await call(other).catch(() => 0)) === 200);
    const renewed = await authority.issue({ name: 'renewed' });
    await writeServer(renewed);
    expect(await gateway.auth.tls?.reload()).toBe(true);
    const { hostname, port } = new URL(gateway.url);
    const shown = await new Promise((resolve) => {
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
    });
    expect(shown).toBe('renewed');
    kept.close();
    other.close();
  });

  test('ends a connection after the answer that was under way when its certificate was revoked', async () => {
    network.fixture.provider.behaviour = { delayMs: 500 };
    const kept = tlsClient(authority.cert, client, true);
    const asked = kept.call(`${gateway.url}${PERSON}`, AS_CONSUMER);
    await eventually(() => network.fixture.provider.seen.length > 0);
    await write('crl', await authority.revoke([client.serial]));
    await gateway.auth.tls?.reload();
    expect((await asked).status).toBe(200);
    await eventually(
      async () => (await kept.call(`${gateway.url}${PERSON}`, AS_CONSUMER).catch(() => undefined))?.status === 401,
    );
    kept.close();
  });

  test('goes on with the old files while the new ones cannot be used', async () => {
    for (const [name, text] of [
      ['key', client.key],
      ['ca', ''],
      ['crl', 'nothing'],
    ] as const) {
      const before = name === 'key' ? server.key : name === 'ca' ? authority.cert : await authority.revoke([]);
      await write(name, text);
      await expect(gateway.auth.tls?.reload()).rejects.toBeDefined();
      expect(await gateway.auth.tls?.reload()).toBe(false);
      expect(await statusOf(client)).toBe(200);
      await write(name, before);
      await gateway.auth.tls?.reload();
    }
    await rm(join(folder, 'crl.pem'));
    await expect(gateway.auth.tls?.reload()).rejects.toBeDefined();
    expect(await statusOf(client)).toBe(200);
  });

  test('reads its files by itself', async () => {
    const quick = await network.serve('TEST/gw1', { ...settings, tlsReloadMs: 100 });
    const status = async () => {
      const { call, close } = tlsClient(authority.cert, client);
      const answer = await call(`${quick.url}${PERSON}`, AS_CONSUMER).catch(() => undefined);
      close();
      return answer?.status;
    };
    expect(await status()).toBe(200);
    await write('crl', await authority.revoke([client.serial]));
    await eventually(async () => (await status()) === 401);
  });

  test.each<[string, Partial<ConsumerAuthSettings>, string]>([
    ['plain HTTP beyond loopback', { host: '0.0.0.0', tlsCertFile: '', tlsKeyFile: '' }, 'consumers-in-the-clear'],
    [
      'X-Road-Client believed beyond loopback, in TLS too',
      { host: '0.0.0.0', consumerAuth: 'loopback' },
      'consumers-unprotected',
    ],
    ['no name of its own beyond loopback', { host: '0.0.0.0' }, 'gateway-url-missing'],
    ['a certificate without its key', { tlsKeyFile: '' }, 'tls-files-unusable'],
    ['files that are not there', { tlsCertFile: '/nowhere.pem' }, 'tls-files-unusable'],
  ])('does not start with %s', async (_what, changed, code) => {
    await expect(network.serve('TEST/gw1', { ...settings, ...changed })).rejects.toMatchObject({ code });
  });
});
