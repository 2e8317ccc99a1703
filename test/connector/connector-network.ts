import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { partitionOf, type Bus } from '#bus';
import { AnswerContentSchema, AnswerSchema, decode, encode, fixedTopics, ManifestSchema, message } from '#contracts';
import { exchangeIdBytes, newExchangeId, type Clock } from '#kernel';
import { keyFileName, silentLogger, type RunningApp } from '#platform';
import {
  answerAd,
  jwkSigner,
  openRecord,
  parseStatement,
  publicJwk,
  signStatement,
  verifyStatement,
  type Statement,
} from '#signing';
import { publicDigest, topicSpecsOf } from '#snapshot';
import { buildWorld, createDatabase, eventually, isolatedBus, testBus, uniqueName, type World } from '#testing';
import { connectorConfig, type ConnectorConfig } from '../../apps/connector/src/connector.config.js';
import { createConnector } from '../../apps/connector/src/connector.module.js';
import { amendWorld, freshKey } from '../audit/amended-world.js';
import { AgencyStandIn } from './agency-stand-in.js';
import { craft, CONSUMER, PROVIDER, replyTopicOf, SERVICE, type Crafted, type Mischief } from './evil-gateway.js';
import { LogStandIn } from './log-stand-in.js';

export interface SeenAnswer {
  readonly exchangeId: string;
  readonly statement: Statement;
  readonly content: Uint8Array | undefined;
  readonly nonce: Uint8Array;
}

/** Beside the world of all specs: an agreement that has ended, another gateway, an endpoint whose subject is in the answer. */
function definition(text: string): string {
  return text
    .replace(
      '  - { id: GOV/1009',
      '  - { id: GOV/1002, name: { en: Late }, subsystems: [{ code: late }] }\n  - { id: GOV/1009',
    )
    .replace(
      '{ endpoint: "POST /claims"',
      '{ endpoint: "GET /parcels/{id}", subject: { type: PIN, country: TEST, from: { answer: /owner } } }\n              - { endpoint: "POST /claims"',
    )
    .replace(
      'endpoints: ["GET /{pin}", "POST /claims"]',
      'endpoints: ["GET /{pin}", "POST /claims", "GET /parcels/{id}"]',
    )
    .replace(
      'until: 2099-12-31 }',
      'until: 2099-12-31 }\n          - { consumer: GOV/1002/late, service: persons, endpoints: ["GET /{pin}"], purposes: [citizen-view], until: 2021-01-01 }',
    )
    .replace('  - { id: cn1', '  - { id: gw2, kind: gateway, runBy: GOV/1009, serves: [GOV/1002/late] }\n  - { id: cn1')
    .replace('timeoutMs: 5000', 'timeoutMs: 2000');
}

/** An unsafe endpoint of which only the answer tells the subject. */
export function withUnsafeParcels(text: string): string {
  return text
    .replace(
      '{ endpoint: "POST /claims"',
      '{ endpoint: "POST /parcels", subject: { type: PIN, country: TEST, from: { answer: /owner } } }\n              - { endpoint: "POST /claims"',
    )
    .replace('"GET /parcels/{id}"]', '"GET /parcels/{id}", "POST /parcels"]');
}

/** Real connectors on the real broker and database, between a gateway that may do evil, a log and an agency that are fakes. */
export class ConnectorNetwork {
  readonly answers: SeenAnswer[] = [];
  readonly dead: { readonly reason: string; readonly value: Buffer }[] = [];
  private readonly apps: RunningApp[] = [];

  private constructor(
    readonly world: World,
    readonly bus: Bus,
    readonly log: LogStandIn,
    readonly agency: AgencyStandIn,
    private readonly directory: string,
    readonly databaseUrl: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /** `more` edits the definition further. */
  static async create(more: (text: string) => string = String, openapi?: string): Promise<ConnectorNetwork> {
    const world = await buildWorld({
      definition: (text) => more(definition(text)),
      ...(openapi === undefined ? {} : { openapi }),
    });
    const bus = isolatedBus(await testBus(), uniqueName('cn'));
    await bus.ensureTopics(topicSpecsOf(world.snapshot));
    const [log, agency, database] = await Promise.all([LogStandIn.start(bus), AgencyStandIn.start(), createDatabase()]);
    const directory = mkdtempSync(join(tmpdir(), 'kerege-connector-'));
    const network = new ConnectorNetwork(world, bus, log, agency, directory, database.url, () => database.drop());
    network.writeFiles();
    await network.listen();
    await network.publishRegistry();
    return network;
  }

  async start(changes: Partial<ConnectorConfig> = {}, clock?: Clock): Promise<RunningApp> {
    const app = await this.startUnready(changes, clock);
    await eventually(async () => (await fetch(`${app.url}/ready`)).ok, { timeoutMs: 20_000 });
    return app;
  }

  /** One that may lack something; `bus`: as it sees the broker. */
  async startUnready(changes: Partial<ConnectorConfig> = {}, clock?: Clock, bus = this.bus): Promise<RunningApp> {
    const loaded = connectorConfig.load({
      DATABASE_URL: this.databaseUrl,
      KEREGE_PORT: '0',
      KEREGE_INSTANCE_ID: 'TEST/cn1',
      KEREGE_KEYS_DIR: this.directory,
      KEREGE_TRUST_FILE: join(this.directory, 'trust.json'),
      KEREGE_LOG_NOTES_DIR: join(this.directory, 'notes'),
      // Nothing is shown there: this network has no audit service.
      KEREGE_AUDIT_URL: 'http://127.0.0.1:1',
      KEREGE_CONNECTOR_AGENCIES: `${SERVICE}=${this.agency.url}/base/`,
    });
    const deps = { bus, logger: silentLogger(), ...(clock === undefined ? {} : { clock }) };
    const app = await createConnector({ ...loaded, ...changes }, deps);
    this.apps.push(app);
    return app;
  }

  /** Sends a request and, unless told otherwise, its stamp, as a gateway does. */
  async send(mischief: Mischief = {}, { stamped = true } = {}): Promise<Crafted> {
    const crafted = await craft(this.world, mischief);
    await this.resend(crafted);
    if (stamped) await this.stamp(crafted.requested);
    return crafted;
  }

  /** The same record once more. */
  async resend(crafted: Crafted): Promise<void> {
    const topics = this.world.view.topicsOf(PROVIDER as Parameters<World['view']['topicsOf']>[0]);
    const id = exchangeIdBytes(crafted.id);
    const { name = '', partitions = 1 } = topics?.request ?? {};
    await this.bus.publish([{ topic: name, partition: partitionOf(id, partitions), key: id, value: crafted.value }]);
  }

  async stamp(statement: Statement): Promise<void> {
    const receipt = this.world.snapshot.topics[PROVIDER]?.receipt ?? '';
    const reply = [replyTopicOf(this.world, 'gw1'), receipt];
    const value = Buffer.from(statement.jws);
    await this.bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value, headers: { reply } }]);
  }

  /** The first answer to that very request, checked as a gateway does except for the log. */
  async answerTo({ id, requested }: Crafted, timeoutMs = 15_000): Promise<SeenAnswer> {
    const answer = await eventually(() => this.answers.find((seen) => seen.exchangeId === id), { timeoutMs });
    const { payload } = answer.statement;
    const key = this.world.keysOf(PROVIDER).sign;
    if (!verifyStatement(answer.statement, key) || payload.prev !== requested.leafHash.toString('base64url'))
      throw new TypeError('an answer is not by the provider, or not to this request');
    return answer;
  }

  /** Opens an answer with the session of its request. */
  open({ session, id }: Crafted, answer: SeenAnswer) {
    const ad = answerAd(answer.statement.leafHash, exchangeIdBytes(id));
    const bytes = openRecord(session.answerKey, answer.nonce, answer.content ?? Buffer.alloc(0), ad);
    if (bytes === undefined) throw new TypeError('an answer does not open');
    const { status, headers, body } = decode(AnswerContentSchema, bytes);
    return {
      status,
      headers: headers.map(({ name, value }) => [name, Buffer.from(value).toString('latin1')] as const),
      body: Buffer.from(body),
    };
  }

  /** Everything that was sent before this has been handled: a good request has come all the way round. */
  async settle(): Promise<void> {
    await this.answerTo(await this.send());
  }

  /** Publishes the next snapshot of the registry, in which the provider has these keys as well. */
  async publishForeignKey(): Promise<void> {
    const { published } = freshKey();
    const next = await amendWorld(this.world, 2, (document) => ({
      ...document,
      subsystems: document.subsystems.map((entry) =>
        entry.id === PROVIDER ? { ...entry, keys: [...entry.keys, published] } : entry,
      ),
    }));
    await this.publishRegistry(next);
  }

  /** Calls of the agency for one exchange. */
  callsOf({ id }: Crafted) {
    return this.agency.calls.filter((call) => call.headers['x-road-id'] === id);
  }

  /** Statements about one exchange that the log holds. */
  leavesOf({ id }: Crafted): Statement[] {
    return this.log.leaves.filter(({ payload }) => payload.id === id);
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.log.stop();
    await this.agency.stop();
    await this.bus.close();
    await this.dropDatabase();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private writeFiles(): void {
    const { sign, seal } = this.world.keysOf(PROVIDER);
    const file = join(this.directory, keyFileName(PROVIDER));
    writeFileSync(file, JSON.stringify({ keys: [sign, seal] }));
    chmodSync(file, 0o600);
    const registry = this.world.keysOf('TEST/registry1').sign;
    const trust = {
      v: 1,
      instance: 'TEST',
      logs: [this.log.vkey],
      registry: [{ ...publicJwk(registry), kid: registry.kid }],
      witnesses: null,
      timestampRoots: [],
    };
    writeFileSync(join(this.directory, 'trust.json'), JSON.stringify(trust));
  }

  /** The manifest once more, by a clock that is ahead. */
  renew(aheadMs: number): Promise<void> {
    return this.publishRegistry(this.world, Date.now() + aheadMs);
  }

  private async publishRegistry({ bytes, digests, snapshot } = this.world, nowMs = Date.now()): Promise<void> {
    const manifest = await signStatement(
      {
        v: 1,
        t: 'registry.manifest',
        id: newExchangeId(),
        ts: nowMs,
        n: snapshot.number,
        until: nowMs + 119 * 60_000,
        doc: publicDigest(digests),
      },
      jwkSigner(this.world.keysOf('TEST/registry1').sign),
    );
    const topic = fixedTopics.snapshot.name;
    const receipt = await this.log.receiptOf(manifest);
    const value = encode(ManifestSchema, message(ManifestSchema, { statement: manifest.jws, digests, receipt }));
    const key = `snapshot.${snapshot.number % 2}`;
    await this.bus.publish([{ topic, partition: 0, key, value: gzipSync(bytes) }]);
    await this.bus.publish([{ topic, partition: 0, key: 'manifest', value }]);
  }

  private async listen(): Promise<void> {
    const dead = this.world.snapshot.topics[PROVIDER]?.dead ?? '';
    await this.bus.subscribe({
      topics: [replyTopicOf(this.world, 'gw1'), replyTopicOf(this.world, 'gw2'), dead],
      group: uniqueName('spec'),
      startAt: { kind: 'latest' },
      maxInFlight: 100,
      onError: () => undefined,
      each: ({ topic, headers, value }) => {
        if (topic === dead) this.dead.push({ reason: headers['dead-reason']?.[0] ?? '', value });
        else if (headers['type']?.[0] === 'answer') this.take(value);
      },
    });
  }

  private take(value: Buffer): void {
    const { statement, content } = decode(AnswerSchema, value);
    const parsed = parseStatement(statement);
    if (!parsed.ok) throw new TypeError(`a connector sent an answer that is none: ${parsed.reason}`);
    this.answers.push({
      exchangeId: parsed.value.payload.id,
      statement: parsed.value,
      content: content?.ciphertext,
      nonce: content?.nonce ?? Buffer.alloc(0),
    });
  }
}

export { CONSUMER, PROVIDER, SERVICE };
