import { jest } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectKafkaBus, type KafkaPlace } from '#bus';
import { correctionTopic, deadTopic, fixedTopics, receiptTopic, replyTopic, requestTopic } from '#contracts';
import { CertificateAuthority } from '#local';
import type { KafkaTlsPlace } from '../../apps/sandbox/src/instance/app-plan.js';
import { call, MYGOV, PERSONS, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';
import { PrincipalAtBroker } from './spec-support/principal-at-broker.js';

jest.setTimeout(300_000);

const DAY_MS = 24 * 60 * 60_000;
const SERVED: Readonly<Record<string, readonly string[]>> = {
  'DEMO.cn1': ['DEMO/GOV/1001/population', 'DEMO/GOV/1002/cadastre', 'DEMO/GOV/1009/operator'],
  'DEMO.cn2': ['DEMO/GOV/1003/benefits', 'DEMO/COM/2001/clinic'],
};
const CONSUMERS = ['DEMO/GOV/1000/mygov', 'DEMO/COM/2002/legal', 'DEMO/GOV/1008/audit'];
const PROVIDERS = Object.values(SERVED).flat();
const [REGISTRY, AUDIT, FEEDBACK, GATEWAY] = ['DEMO.registry1', 'DEMO.audit1', 'DEMO.feedback1', 'DEMO.gw1'];
const CONNECTORS = Object.keys(SERVED);
const READERS = [AUDIT, FEEDBACK, GATEWAY, ...CONNECTORS];
const ALL = [REGISTRY, ...READERS];
/** It has a certificate of the sandbox's authority, and no snapshot names it. */
const UNKNOWN = 'DEMO.gw2';

interface Row {
  readonly topic: string;
  readonly writers: readonly string[];
  readonly readers: readonly string[];
}

const connectorsOf = (subsystem: string) => CONNECTORS.filter((name) => SERVED[name]?.includes(subsystem));

/** The table of topics (design, section 5), written here once more and by hand. */
const TABLE: readonly Row[] = [
  { topic: fixedTopics.snapshot.name, writers: [REGISTRY], readers: READERS },
  { topic: fixedTopics.stamp.name, writers: ALL, readers: [AUDIT] },
  { topic: fixedTopics.checkpoints.name, writers: [AUDIT], readers: ALL },
  { topic: fixedTopics.deadAudit.name, writers: [AUDIT], readers: [] },
  { topic: fixedTopics.opening.name, writers: [GATEWAY, ...CONNECTORS], readers: [FEEDBACK] },
  { topic: fixedTopics.openingKey.name, writers: [FEEDBACK], readers: [GATEWAY, ...CONNECTORS] },
  { topic: fixedTopics.unopened.name, writers: [FEEDBACK], readers: [GATEWAY] },
  { topic: fixedTopics.deadFeedback.name, writers: [FEEDBACK], readers: [] },
  ...[REGISTRY, FEEDBACK, GATEWAY].map((name) => ({
    topic: replyTopic(name.replace('.', '/')).name,
    writers: [AUDIT, ...CONNECTORS],
    readers: [name],
  })),
  ...PROVIDERS.flatMap((id) => [
    { topic: requestTopic(id).name, writers: [GATEWAY], readers: connectorsOf(id) },
    { topic: receiptTopic(id).name, writers: [AUDIT], readers: connectorsOf(id) },
  ]),
  ...[...PROVIDERS, ...CONSUMERS].flatMap((id) => [
    { topic: correctionTopic(id).name, writers: [FEEDBACK], readers: connectorsOf(id) },
    { topic: deadTopic(id).name, writers: connectorsOf(id), readers: [] },
  ]),
];

let bus: BusUnderTest;
let directory: string;
const principals = new Map<string, PrincipalAtBroker>();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kerege-principals-'));
  bus = await startBus();
  for (const name of [...ALL, UNKNOWN])
    principals.set(name, await PrincipalAtBroker.connect(bus.instance.kafkaBrokers, filesOf(name)));
});
afterAll(async () => {
  await Promise.all([...principals.values()].map((principal) => principal.close()));
  await bus.end();
  rmSync(directory, { recursive: true, force: true });
});

function filesOf(name: string): KafkaTlsPlace {
  const files = bus.instance.kafkaPrincipals[name];
  expect(files).toBeDefined();
  return files as KafkaTlsPlace;
}

function principal(name: string): PrincipalAtBroker {
  return principals.get(name) as PrincipalAtBroker;
}

const connecting = (place: Partial<KafkaPlace>) =>
  connectKafkaBus({ brokers: [bus.instance.kafkaBrokers], clientId: 'stranger', connectionTimeoutMs: 5_000, ...place });

it('a whole exchange runs, each process under a principal of its own', async () => {
  const answer = await call(bus.instance, {
    ...{ client: MYGOV, purpose: 'citizen-view', target: `${PERSONS}/TEST000007` },
  });
  expect(answer.status).toBe(200);
  const status = (await (await fetch(`${bus.instance.registryUrl}/status`)).json()) as { parts: { part: string }[] };
  expect(status.parts.find(({ part }) => part === 'bus-rights')).toMatchObject({
    state: 'ok',
    details: { foreign: 0 },
  });
});

describe('the broker itself refuses', () => {
  it('whatever the table of topics does not name, and nothing that it names: every principal, topic and operation', async () => {
    const [told, wanted]: [string[], string[]] = [[], []];
    for (const { topic, writers, readers } of TABLE)
      for (const name of [...ALL, UNKNOWN]) {
        const word = (allowed: readonly string[]) =>
          allowed.includes(name) ? 'allowed' : 'TOPIC_AUTHORIZATION_FAILED';
        told.push(`${name} writes ${topic}: ${await principal(name).write(topic)}`);
        told.push(`${name} reads ${topic}: ${await principal(name).read(topic)}`);
        wanted.push(`${name} writes ${topic}: ${word(writers)}`, `${name} reads ${topic}: ${word(readers)}`);
      }
    expect(told).toEqual(wanted);
  });

  it('the table of topics is whole', async () => {
    const operator = await connecting({ tls: bus.instance.kafkaOperator as KafkaTlsPlace });
    try {
      for (const { topic } of TABLE) expect(await operator.endOffset(topic, 0)).toBeGreaterThanOrEqual(0n);
    } finally {
      await operator.close();
    }
  });

  it('consumer groups of others, by which their partitions could be taken from them', async () => {
    const request = `connector.${requestTopic(PROVIDERS[0] ?? '').name}`;
    expect(await principal('DEMO.cn1').group(request)).toBe('allowed');
    for (const name of ['DEMO.cn2', GATEWAY, AUDIT, FEEDBACK, UNKNOWN])
      expect(await principal(name).group(request)).toBe('GROUP_AUTHORIZATION_FAILED');
    expect(await principal(GATEWAY).group('registry-copy.DEMO.gw1.x')).toBe('allowed');
    expect(await principal(GATEWAY).group('registry-copy.DEMO.gw10.x')).toBe('GROUP_AUTHORIZATION_FAILED');
    expect(await principal(UNKNOWN).group('registry-copy.DEMO.gw1.x')).toBe('GROUP_AUTHORIZATION_FAILED');
  });

  it('anybody but the registry who would make a topic or write the lists', async () => {
    for (const name of [GATEWAY, AUDIT, UNKNOWN]) {
      const stranger = await connecting({ tls: filesOf(name) });
      const made = stranger.ensureTopics([{ name: `request.${name}`, partitions: 1, retentionMs: 60_000 }]);
      await expect(made).rejects.toMatchObject({ code: 'bus-access-denied' });
      const right = { principal: name, on: 'topic', name: 'request.', isPrefix: true, to: 'read' } as const;
      await expect(stranger.access?.grant([right])).rejects.toMatchObject({ code: 'bus-access-denied' });
      await stranger.close();
    }
  });

  it('a client without TLS', async () => {
    await expect(connecting({})).rejects.toMatchObject({ code: 'bus-unavailable' });
  });

  it('a certificate of another authority, and one that has ended', async () => {
    const { caFile, certFile } = filesOf(GATEWAY);
    const tlsDir = join(bus.instance.dataDir, 'tls');
    const own = { cert: readFileSync(caFile, 'utf8'), key: readFileSync(join(tlsDir, 'ca.key'), 'utf8') };
    const valid = { name: 'DEMO.registry1', fromMs: Date.now() - 10 * DAY_MS };
    const other = await CertificateAuthority.make({ ...valid, name: 'Other', untilMs: Date.now() + DAY_MS });
    const ended = await (await CertificateAuthority.from(own)).issue({ ...valid, untilMs: Date.now() - DAY_MS });
    const strange = await other.issue({ ...valid, untilMs: Date.now() + DAY_MS });
    const written = (name: string, issued: { readonly cert: string; readonly key: string }): KafkaTlsPlace => {
      const place = { caFile, certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}.key`) };
      writeFileSync(place.certFile, issued.cert);
      writeFileSync(place.keyFile, issued.key, { mode: 0o600 });
      return place;
    };
    await expect(connecting({ tls: written('strange', strange) })).rejects.toMatchObject({ code: 'bus-tls-refused' });
    // Our own client refuses to use one that has ended; this one asks the broker.
    await expect(connecting({ tls: written('ended', ended) })).rejects.toMatchObject({ code: 'bus-tls-files' });
    const asked = PrincipalAtBroker.connect(bus.instance.kafkaBrokers, written('ended', ended));
    await expect(asked).rejects.toThrow();
    // And a broker that another authority vouches for is none of ours.
    const wrongCa = join(directory, 'other-ca.pem');
    writeFileSync(wrongCa, other.own.cert);
    const distrusting = connecting({ tls: { ...filesOf(GATEWAY), caFile: wrongCa } });
    await expect(distrusting).rejects.toMatchObject({ code: 'bus-tls-refused' });
    const open = join(directory, 'open.key');
    writeFileSync(open, readFileSync(filesOf(GATEWAY).keyFile));
    chmodSync(open, 0o644);
    await expect(connecting({ tls: { caFile, certFile, keyFile: open } })).rejects.toMatchObject({
      code: 'bus-key-file-mode',
    });
  });
});
