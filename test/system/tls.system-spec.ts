import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { parseDocument } from 'yaml';
import { freePort, repositoryRoot } from '#local';
import type { InstanceDefinition } from '#snapshot';
import { processRunner } from '#testing';
import {
  makeAuthority,
  type Authority,
  type Issued,
} from '../../apps/gateway/src/consumer-auth/spec-support/authority.js';
import { tlsClient } from '../../apps/gateway/src/consumer-auth/spec-support/tls-client.js';
import { missingKeyFiles } from '../../apps/sandbox/src/keys/key-file.js';
import { kerege, MYGOV, PERSONS, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(10 * 60_000);

const DATES = { from: '2020-01-01', until: '2099-12-31' };
const runner = processRunner();
let bus: BusUnderTest;
/** Of the other feedback. */
let databaseUrl: string;
let authority: Authority;
let shown: Issued;
let pinned: Issued;
let auditUrl: string;

beforeAll(async () => {
  authority = await makeAuthority('Operator');
  [shown, pinned] = await Promise.all([authority.issue({ name: 'localhost' }), authority.issue()]);
  bus = await startBus({ isKafkaOpen: true });
  databaseUrl = await createDatabase();
  await Promise.all([write('ca', authority.cert), write('cert', shown.cert), write('key', shown.key)]);
  await applySecondGateway();
  auditUrl = await startAudit();
});
afterAll(async () => {
  await runner.stopAll();
  await bus.end();
});

const file = (name: string) => join(bus.instance.dataDir, `${name}.pem`);
const write = (name: string, text: string) => writeFile(file(name), text, { mode: 0o600 });
/** It goes with the instance. */
async function createDatabase(): Promise<string> {
  const client = new pg.Client({ connectionString: bus.instance.databaseUrl });
  await client.connect();
  await client.query('CREATE DATABASE tls');
  await client.end();
  return Object.assign(new URL(bus.instance.databaseUrl), { pathname: '/tls' }).href;
}
const tlsEnv = (app: string) => ({
  [`KEREGE_${app}_TLS_CERT_FILE`]: file('cert'),
  [`KEREGE_${app}_TLS_KEY_FILE`]: file('key'),
});
const commonEnv = (id: string) => ({
  ...{ KEREGE_INSTANCE_ID: `DEMO/${id}`, KEREGE_KEYS_DIR: bus.instance.keysDir },
  ...{ KEREGE_TRUST_FILE: bus.instance.trustFile, KAFKA_BROKERS: bus.instance.kafkaBrokers },
  ...{ DATABASE_URL: bus.instance.databaseUrl, KEREGE_REGISTRY_URL: bus.instance.registryUrl },
  KEREGE_LOG_NOTES_DIR: join(bus.instance.dataDir, 'notes', `tls-${id}`),
  // How an app believes the others' certificates.
  NODE_EXTRA_CA_CERTS: file('ca'),
});

/** Another gateway in the registry, and a certificate by which the portal's calls are known. */
async function applySecondGateway(): Promise<void> {
  const { definitionFile, keysDir, registryUrl } = bus.instance;
  const document = parseDocument(await readFile(definitionFile, 'utf8'));
  const definition = document.toJS() as InstanceDefinition;
  const member = definition.members.findIndex(({ id }) => MYGOV.includes(`/${id}/`));
  const credential = document.createNode({ certificate: pinned.sha256, ...DATES });
  const place = ['members', member, 'subsystems', 0, 'credentials'];
  if (document.hasIn(place)) document.addIn(place, credential);
  else document.setIn(place, document.createNode([credential]));
  const first = definition.instances.find(({ id }) => id === 'gw1');
  document.addIn(['instances'], document.createNode({ ...first, id: 'gw3' }));
  const files = missingKeyFiles(document.toJS() as InstanceDefinition, new Set(await readdir(keysDir)));
  for (const { name, keys } of files) await writeFile(join(keysDir, name), JSON.stringify({ keys }), { mode: 0o600 });
  const changed = join(dirname(definitionFile), 'tls.yaml');
  await writeFile(changed, document.toString({ lineWidth: 0 }));
  const applied = await kerege(['apply', '-f', changed, '--registry', registryUrl, '--keys', keysDir], keysDir);
  expect(applied).toEqual({ code: 0, output: expect.any(String) });
}

/** A second process of audit, which stands by; other machines reach it. */
async function startAudit(): Promise<string> {
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const trust = JSON.parse(await readFile(bus.instance.trustFile, 'utf8')) as { logs: string[] };
  await runner.start({
    app: 'audit',
    env: {
      ...commonEnv('audit1'),
      ...tlsEnv('AUDIT'),
      ...{ KEREGE_HOST: '0.0.0.0', KEREGE_PORT: String(port), KEREGE_AUDIT_PUBLIC_URL: url },
      KEREGE_AUDIT_ORIGIN: trust.logs[0]?.split('+')[0] ?? '',
      KEREGE_AUDIT_READER_TOKENS: 'public',
    },
    readyUrl: `${url}/live`,
    ca: authority.cert,
    timeoutMs: 120_000,
  });
  return url;
}

/** How a built app ends that cannot start. */
async function endOf(
  app: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(repositoryRoot(), `dist/bin/${app}.js`)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, said: Buffer.concat(said).toString('utf8') };
}

it('audit shows the log by TLS, and by TLS alone', async () => {
  const { call, close } = tlsClient(authority.cert);
  expect(await call(`${auditUrl}/.well-known/audit-logs.json`)).toMatchObject({
    status: 200,
    headers: { 'strict-transport-security': expect.any(String) },
  });
  close();
  await expect(fetch(`${auditUrl.replace('https', 'http')}/.well-known/audit-logs.json`)).rejects.toThrow();
});

it('a built gateway takes a call by mutual TLS, and reads the log by TLS', async () => {
  const port = await freePort();
  const url = `https://localhost:${port}`;
  await runner.start({
    app: 'gateway',
    env: {
      ...commonEnv('gw3'),
      ...tlsEnv('GATEWAY'),
      ...{ KEREGE_HOST: '0.0.0.0', KEREGE_PORT: String(port), KEREGE_GATEWAY_URL: url },
      ...{ KEREGE_GATEWAY_CONSUMER_AUTH: 'proven', KEREGE_GATEWAY_TLS_CLIENT_CA_FILE: file('ca') },
      KEREGE_AUDIT_URL: auditUrl,
    },
    readyUrl: `${url}/ready`,
    ca: authority.cert,
    timeoutMs: 120_000,
  });
  const asPortal = { 'X-Road-Client': MYGOV, 'Kerege-Purpose': 'citizen-view', Accept: 'application/problem+json' };
  const statusOf = async (own?: Issued) => {
    const { call, close } = tlsClient(authority.cert, own);
    const { status, body, headers } = await call(`${url}/r1/${PERSONS}/TEST000001`, asPortal);
    close();
    return { status, body, exchangeId: headers['kerege-exchange-id'] };
  };
  const answer = await statusOf(pinned);
  expect(answer).toMatchObject({ status: 200, exchangeId: expect.any(String) });
  expect(answer.body).toContain('TEST000001');
  expect((await statusOf()).status).toBe(401);
  expect((await statusOf(await authority.issue())).status).toBe(401);
  const { call, close } = tlsClient(authority.cert, pinned);
  // The log's part of it comes from audit, through the gateway.
  const evidence = await call(`${url}/v1/exchanges/${String(answer.exchangeId)}/evidence`, { 'X-Road-Client': MYGOV });
  close();
  expect(evidence.status).toBe(200);
});

it('feedback is served by TLS', async () => {
  await bus.instance.takeDown('feedback');
  const port = await freePort();
  const url = `https://localhost:${port}`;
  await runner.start({
    app: 'feedback',
    env: {
      ...commonEnv('feedback1'),
      ...tlsEnv('FEEDBACK'),
      ...{ KEREGE_HOST: '0.0.0.0', KEREGE_PORT: String(port), KEREGE_FEEDBACK_PUBLIC_URL: url },
      ...{ DATABASE_URL: databaseUrl, KEREGE_FEEDBACK_KEYS_DATABASE_URL: databaseUrl, KEREGE_AUDIT_URL: auditUrl },
    },
    readyUrl: `${url}/live`,
    ca: authority.cert,
    timeoutMs: 120_000,
  });
  const { call, close } = tlsClient(authority.cert);
  expect((await call(`${url}/v1/corrections`)).status).toBe(401);
  close();
});

it.each(['audit', 'feedback', 'connector'])('%s does not start in the clear beyond loopback', async (app) => {
  const env = {
    ...commonEnv('nobody1'),
    ...{ KEREGE_HOST: '0.0.0.0', KEREGE_PORT: '0' },
    ...{ KEREGE_AUDIT_ORIGIN: 'nowhere.example', KEREGE_AUDIT_READER_TOKENS: 'public' },
    ...{ KEREGE_FEEDBACK_KEYS_DATABASE_URL: databaseUrl, KEREGE_CONNECTOR_AGENCIES: `${PERSONS}=http://127.0.0.1:1` },
  };
  const end = await endOf(app, env);
  expect(end).toEqual({ code: 1, said: expect.stringContaining('listening-in-the-clear') });
});
