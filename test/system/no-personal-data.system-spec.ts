import { jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { decodeBundle } from '#tlog';
import { eventually, startTraceCollector, type TraceCollector } from '#testing';
import {
  BENEFITS,
  call,
  CLINIC,
  ENTITLEMENTS,
  evidenceOf,
  exchangeIdOf,
  fault,
  MYGOV,
  PERSONS,
  PROPERTIES,
  signIn,
  startBus,
  VISITS,
  type Answer,
  type BusUnderTest,
  type Call,
} from './spec-support/bus-under-test.js';
import type { Instance } from '../../apps/sandbox/src/instance/instance.js';
import { hasOpenssl } from '../../apps/sandbox/src/time-authority/openssl.service.js';
import { personalDataIn } from './spec-support/personal-data.js';

jest.setTimeout(180_000);

let bus: BusUnderTest;
let collector: TraceCollector;
const errors: Answer[] = [];

const view = { client: MYGOV, purpose: 'citizen-view' };
const match = { pin: 'TEST000008', familyName: 'Testzade-008', birthDate: '1972-09-01' };
const claim = { pin: 'TEST000008', benefit: 'study-grant' };
const good: Call[] = [
  { ...view, target: `${PERSONS}/TEST000007` },
  { ...view, target: `${PERSONS}/TEST000013/address` },
  { ...view, target: `${PROPERTIES}?owner=TEST000013` },
  { ...view, target: `${PROPERTIES}/CAD-0013-1` },
  { ...view, target: `${VISITS}/TEST000007` },
  { ...view, target: `${ENTITLEMENTS}/TEST000009` },
  {
    ...view,
    target: `${ENTITLEMENTS}/claims`,
    method: 'POST',
    body: claim,
    headers: { 'Idempotency-Key': 'TEST000008-1' },
  },
  { client: BENEFITS, target: `${PERSONS}/match`, method: 'POST', body: match },
  {
    client: CLINIC,
    target: `${PERSONS}/TEST000021`,
    headers: { 'X-Road-UserId': 'DETEST000021', 'X-Road-Id': 'TEST000021' },
  },
];
const bad: Call[] = [
  { ...view, target: `${PERSONS}/TEST000999` },
  { ...view, target: `${PERSONS}/TEST000007`, purpose: 'treatment' },
  { ...view, target: `${PERSONS}/TEST000007`, purpose: 'TEST000007' },
  { ...view, target: `${PERSONS}/TEST000007`, client: 'DEMO/GOV/TEST000007/Testzade-007' },
  { ...view, target: `${PERSONS}/TEST000007%252Faddress` },
  { ...view, target: `DEMO/GOV/1001/TEST000007/Testzade-007/TEST000007` },
  { ...view, target: `${PERSONS}/TEST000007`, method: 'DELETE' },
  { ...view, target: `${PERSONS}/TEST000007`, headers: { 'Kerege-Subject': 'DEMO/PIN/TEST000008' } },
  { ...view, target: `${PERSONS}/TEST000007`, headers: { 'Kerege-Deadline': 'TEST000007' } },
  { ...view, target: `${PERSONS}/TEST000007`, headers: { 'Kerege-Legal-Basis': 'Testzade-007' } },
  {
    client: BENEFITS,
    target: `${PERSONS}/match`,
    method: 'POST',
    body: '{"pin":"TEST000008","familyName":Testzade-008}',
  },
  {
    client: BENEFITS,
    target: `${PERSONS}/match`,
    method: 'POST',
    body: { pin: 'TEST000008', birthDate: { y: '1972-09-01' } },
  },
  { client: BENEFITS, target: `${PERSONS}/match`, method: 'POST', body: 'TEST000008,Testzade-008' },
];

beforeAll(async () => {
  collector = await startTraceCollector();
  const traced = { KEREGE_OTLP_URL: collector.url };
  bus = await startBus({ env: { gateway: traced, cn1: traced, cn2: traced, audit: traced } });
  const [mine, weak] = await Promise.all([
    signIn(bus.instance, 'TEST000007'),
    signIn(bus.instance, 'TEST000007', MYGOV, '--level', 'low'),
  ]);
  const signedIn = { ...view, headers: { 'Kerege-End-User': mine.output.trim() } };
  good.push({ ...signedIn, target: `${VISITS}/TEST000013/prescriptions` });
  bad.push(
    { ...signedIn, target: `${VISITS}/TEST000021/prescriptions` },
    { ...view, target: `${VISITS}/TEST000007/prescriptions`, headers: { 'Kerege-End-User': weak.output.trim() } },
    { ...view, target: `${VISITS}/TEST000007/prescriptions`, headers: { 'Kerege-End-User': 'TEST000007' } },
  );
  const answers = await Promise.all(good.map((attempt) => call(bus.instance, attempt)));
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => expect.any(Number)));
  expect(answers.filter((answer) => answer.status < 300).length).toBe(good.length);
  for (const answer of answers.slice(0, 3)) await eventually(() => evidenceOf(bus.instance, exchangeIdOf(answer)));
  for (const attempt of bad)
    for (const headers of [{}, { Accept: 'application/problem+json' }, { Accept: 'application/xml' }])
      errors.push(await call(bus.instance, { ...attempt, headers: { ...attempt.headers, ...headers } }));
  await fault(bus.instance, 'cadastre', { mode: 'down' });
  await fault(bus.instance, 'clinic', { mode: 'hang' });
  const failing = [
    { ...view, target: `${PROPERTIES}?owner=TEST000013` },
    { ...view, target: `${VISITS}/TEST000007`, headers: { 'Kerege-Deadline': '700' } },
  ];
  errors.push(...(await Promise.all(failing.map((attempt) => call(bus.instance, attempt)))));
  // A process that dies in the middle of something must not tell of it either.
  await Promise.all([call(bus.instance, good[0]!).catch(() => undefined), bus.instance.kill('cn1')]);
});
afterAll(async () => {
  await bus.end();
  await collector.close();
});

describe('the search itself', () => {
  it('finds a person in plain text, percent-encoded, in hex, and in base64 wherever it begins', () => {
    for (const text of ['x TEST000007 y', 'Testzade-013', 'Invented%20Street%20002', 'CAD-0013-1', '1977-02-08'])
      expect([text, personalDataIn(text)]).toEqual([text, expect.any(String)]);
    for (const prefix of ['', 'a', 'ab'])
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        const text = Buffer.from(`${prefix}{"pin":"TEST000007"}`).toString(encoding);
        expect([text, personalDataIn(text)]).toEqual([text, expect.any(String)]);
      }
    expect(personalDataIn('DEMO/GOV/1001/population/persons GET /{pin} 2026-11-22')).toBeUndefined();
  });
});

describe('no synthetic person is found', () => {
  it('in the bodies and headers of errors', () => {
    // 404 of an agency is its own answer and may say what it likes; here it says nothing.
    for (const { status, text, headers } of errors) {
      expect(status).toBeGreaterThanOrEqual(400);
      const written = `${text}\n${[...headers].map(([name, value]) => `${name}: ${value}`).join('\n')}`;
      expect(personalDataIn(written)).toBeUndefined();
    }
  });

  it('in any log file of any process, PostgreSQL and Kafka included', async () => {
    const names = (await readdir(bus.instance.logsDir)).filter((name) => name.endsWith('.log'));
    expect(names.sort()).toEqual(
      [
        ...[
          'agencies',
          'audit',
          'cn1',
          'cn2',
          'feedback',
          'gateway',
          'identityProvider',
          'kafka',
          'portal',
          'postgres',
        ],
        'registry',
        ...((await hasOpenssl()) ? ['timeAuthority'] : []),
        ...['witness1', 'witness2'],
      ].map((name) => `${name}.log`),
    );
    for (const name of names) {
      const text = await readFile(join(bus.instance.logsDir, name), 'utf8');
      expect([name, personalDataIn(text)]).toEqual([name, undefined]);
    }
    expect(await bus.instance.logs('gateway')).toContain('gateway');
  });

  it('in the metrics of any app', async () => {
    const { ports, gatewayUrl, auditUrl, registryUrl, feedbackUrl } = bus.instance;
    const urls = [
      gatewayUrl,
      auditUrl,
      registryUrl,
      feedbackUrl,
      `http://127.0.0.1:${ports.cn1}`,
      `http://127.0.0.1:${ports.cn2}`,
    ];
    for (const url of urls) {
      const text = await eventually(async () => (await fetch(`${url}/metrics`)).text());
      expect(text).toContain('# TYPE');
      expect([url, personalDataIn(text)]).toEqual([url, undefined]);
    }
  });

  it('in any trace; one trace holds what gateway and connector did for one call', async () => {
    const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;
    const answer = await call(bus.instance, {
      ...view,
      target: `${ENTITLEMENTS}/TEST000009`,
      headers: { traceparent },
    });
    expect(answer.status).toBe(200);
    const exchange = exchangeIdOf(answer);
    const ofCall = () => collector.spans().filter(({ traceId }) => traceId === caller.traceId);
    const named = (name: string) => ofCall().find((span) => span.name === name);
    await eventually(() => named('exchange') !== undefined && named('dispatch') !== undefined);
    const attributes = { 'kerege.exchange': exchange, 'kerege.service': ENTITLEMENTS, 'kerege.outcome': 'answered' };
    expect(named('exchange')).toMatchObject({ service: 'kerege-gateway', parentSpanId: caller.spanId, attributes });
    const parentSpanId = named('exchange')?.spanId;
    expect(named('dispatch')).toMatchObject({ service: 'kerege-connector', parentSpanId, attributes });
    const stages = ofCall().filter((span) => span.parentSpanId === named('dispatch')?.spanId);
    expect(stages.map(({ name }) => name)).toEqual(['called', 'answered', 'stated', 'sent']);
    await eventually(() =>
      collector.spans().some(({ service, name }) => service === 'kerege-audit' && name === 'batch'),
    );
    expect(personalDataIn(collector.raw())).toBeUndefined();
  });

  it('in any leaf of the log', async () => {
    const known = (await (await fetch(`${bus.instance.auditUrl}/.well-known/audit-logs.json`)).json()) as {
      logs: { url: string }[];
    };
    const prefix = known.logs[0]!.url;
    const size = Number((await (await fetch(`${prefix}checkpoint`)).text()).split('\n')[1]);
    expect(size).toBeGreaterThan(2 * good.length);
    const types = new Set<string>();
    for (const leaf of await leaves(prefix, size)) {
      const [header, payload] = leaf.split('.');
      const text = [header, payload].map((part) => Buffer.from(part ?? '', 'base64url').toString()).join('\n');
      types.add(/"t":"([a-z.]+)"/.exec(text)?.[1] ?? 'unreadable');
      expect(personalDataIn(text)).toBeUndefined();
    }
    expect([...types]).toEqual(expect.arrayContaining(['exchange.requested', 'exchange.answered', 'exchange.refused']));
  });

  it('in any record of any topic: headers, keys, and values, which are sealed', async () => {
    const records = await everyRecord(bus.instance);
    expect(new Set(records.map((record) => record.topic.split('.')[0]))).toEqual(
      new Set(['registry', 'audit', 'request', 'reply', 'receipt', 'feedback']),
    );
    for (const { topic, text } of records) expect([topic, personalDataIn(text)]).toEqual([topic, undefined]);
  });
});

async function leaves(prefix: string, size: number): Promise<string[]> {
  const found: string[] = [];
  for (let bundle = 0; bundle * 256 < size; bundle += 1) {
    const width = Math.min(256, size - bundle * 256);
    const path = `tile/entries/${String(bundle).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;
    const bytes = Buffer.from(await (await fetch(prefix + path)).arrayBuffer());
    const entries = decodeBundle(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes, width);
    for (const entry of entries ?? []) found.push(Buffer.from(entry).toString('utf8'));
  }
  expect(found).toHaveLength(size);
  return found;
}

/** Everything that Kafka holds, from its first record to its last. */
async function everyRecord({ kafkaBrokers, kafkaOperator }: Instance): Promise<{ topic: string; text: string }[]> {
  const kafka = new Kafka({
    brokers: kafkaBrokers.split(','),
    clientId: 'privacy-spec',
    logLevel: logLevel.NOTHING,
    ...(kafkaOperator === undefined ? {} : { ssl: await secrets(kafkaOperator) }),
  });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((name) => !name.startsWith('__'));
  const ends = new Map<string, number>();
  for (const topic of topics)
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic))
      if (high !== low) ends.set(`${topic}/${partition}`, Number(high));
  const consumer = kafka.consumer({ groupId: `privacy-spec-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: topics.filter((name) => !name.startsWith('dead.')), fromBeginning: true });
  const records: { topic: string; text: string }[] = [];
  const open = new Set([...ends.keys()].filter((name) => !name.startsWith('dead.')));
  await consumer.run({
    eachMessage: ({ topic, partition, message }) => {
      const headers = JSON.stringify(message.headers, (_name, value: unknown) =>
        typeof value === 'object' && value !== null && 'type' in value && 'data' in value
          ? Buffer.from(value.data as number[]).toString('latin1')
          : value,
      );
      const parts = [headers, message.key?.toString('latin1') ?? '', message.value?.toString('latin1') ?? ''];
      records.push({ topic, text: parts.join('\n') });
      if (Number(message.offset) + 1 >= (ends.get(`${topic}/${partition}`) ?? 0)) open.delete(`${topic}/${partition}`);
      return Promise.resolve();
    },
  });
  await eventually(() => open.size === 0, { timeoutMs: 30_000 });
  await consumer.disconnect();
  await admin.disconnect();
  return records;
}

async function secrets(files: NonNullable<Instance['kafkaOperator']>): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all(
    [files.caFile, files.certFile, files.keyFile].map((file) => readFile(file, 'utf8')),
  );
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}
