import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '#bus';
import { encode, fixedTopics, ManifestSchema, message } from '#contracts';
import { systemClock, type Clock } from '#kernel';
import { createLogger, keyFileName, type Logger, type RunningApp } from '#platform';
import type { Statement } from '#signing';
import { topicSpecsOf } from '#snapshot';
import { buildWorld, createDatabase, eventually, withFeedback, type TestDatabase, type World } from '#testing';
import { connectorConfig } from '../../apps/connector/src/connector.config.js';
import { createConnector } from '../../apps/connector/src/connector.module.js';
import { gatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { createGateway } from '../../apps/gateway/src/gateway.module.js';
import { receiptBytes } from '../audit/audit-answers.js';
import { AuditNetwork, CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { AgencyStandIn } from '../connector/agency-stand-in.js';

export const GATEWAY = 'TEST/gw1';
export const CONNECTOR = 'TEST/cn1';
export const PIN = 'TEST000001';

/** A second gateway, of another member's consumer, and feedback: what an operator has as well. */
export function withMore(definition: string): string {
  return withFeedback(
    definition
      .replace(
        '  - id: GOV/1001',
        '  - { id: GOV/1002, name: { en: Late }, subsystems: [{ code: late }] }\n  - id: GOV/1001',
      )
      .replace(
        '  - { id: cn1,',
        '  - { id: gw2, kind: gateway, runBy: GOV/1009, serves: [GOV/1002/late] }\n  - { id: cn1,',
      ),
  );
}

/** One line of a process that is worth waking somebody. */
export interface Alarm {
  readonly part: string;
  readonly alarm: string;
  readonly [detail: string]: unknown;
}

export interface Seat {
  /** As its process sees the broker. */
  readonly bus?: Bus;
  readonly clock?: Clock;
  /** Keeps what it remembers apart from others'. */
  readonly name?: string;
}

/**
 * Members' own gateway and connector on a real broker, database and log, and somebody who has the registry's key, all of
 * the broker, and feedback's key, but no key of a member and not the log's.
 */
export class HostileNetwork {
  readonly alarms: Alarm[] = [];
  /** The newest world that an honest registry has published. */
  world: World;
  private readonly apps = new Set<RunningApp>();
  private readonly databases: TestDatabase[] = [];

  private constructor(
    readonly audit: AuditNetwork,
    readonly auditUrl: string,
    readonly agency: AgencyStandIn,
  ) {
    this.world = audit.world;
  }

  static async create(): Promise<HostileNetwork> {
    const audit = await AuditNetwork.create();
    const [{ url }, agency] = await Promise.all([audit.startInForce(), AgencyStandIn.start()]);
    const network = new HostileNetwork(audit, url, agency);
    const sameKeysAs = audit.world;
    const world = await buildWorld({ number: 2, sameKeysAs, definition: withMore });
    await network.publish(world);
    return network;
  }

  get bus(): Bus {
    return this.audit.bus;
  }

  /** What an honest registry does with a new snapshot, in its order; the attacker can do all of it, too. */
  async publish(world: World, { isHonest = true } = {}): Promise<Statement> {
    await this.bus.ensureTopics(topicSpecsOf(world.snapshot));
    const manifest = await this.audit.enact(world);
    await this.show(manifest, world.digests, receiptBytes(this.audit.receiptOf(manifest.leafHash)));
    if (isHonest) this.world = world;
    return manifest;
  }

  /** Puts a manifest on the registry's topic, or on one that a victim takes for it. */
  async show(
    manifest: Statement,
    digests: string,
    receipt: Uint8Array,
    topic: string = fixedTopics.snapshot.name,
  ): Promise<void> {
    const value = encode(ManifestSchema, message(ManifestSchema, { statement: manifest.jws, digests, receipt }));
    await this.bus.publish([{ topic, partition: 0, key: 'manifest', value }]);
  }

  async startGateway({ bus = this.bus, clock = systemClock, name = 'gw1' }: Seat = {}): Promise<RunningApp> {
    const config = gatewayConfig.load({
      ...this.environment(name, GATEWAY, [CONSUMER]),
      DATABASE_URL: await this.database(),
      KEREGE_GATEWAY_CONSUMER_AUTH: 'loopback',
    });
    return this.started(await createGateway(config, { bus, clock, logger: this.listening(name) }));
  }

  async startConnector({ bus = this.bus, clock = systemClock, name = 'cn1' }: Seat = {}): Promise<RunningApp> {
    const config = connectorConfig.load({
      ...this.environment(name, CONNECTOR, [PROVIDER]),
      DATABASE_URL: await this.database(),
      KEREGE_CONNECTOR_AGENCIES: `${SERVICE}=${this.agency.url}/base/`,
    });
    return this.started(await createConnector(config, { bus, clock, logger: this.listening(name) }));
  }

  async stop(app: RunningApp): Promise<void> {
    this.apps.delete(app);
    await app.close();
  }

  /** The first alarm of that kind by that process, as soon as it is there. */
  async alarmOf(part: string, alarm: string, details: Readonly<Record<string, unknown>> = {}): Promise<Alarm> {
    const wanted = Object.entries(details);
    return eventually(
      () =>
        this.alarms.find(
          (one) => one.part === part && one.alarm === alarm && wanted.every(([key, value]) => one[key] === value),
        ),
      { timeoutMs: 20_000 },
    );
  }

  /** A consumer's system asks, as it does every day. */
  async ask(
    gateway: RunningApp,
    pin = PIN,
  ): Promise<{ status: number; text: string; error: string; exchange: string }> {
    const response = await fetch(`${gateway.url}/r1/${SERVICE}/${pin}`, {
      headers: { 'X-Road-Client': CONSUMER },
      signal: AbortSignal.timeout(30_000),
    });
    const { headers, status } = response;
    const header = (name: string) => headers.get(name) ?? '';
    return {
      status,
      text: await response.text(),
      error: header('x-road-error'),
      exchange: header('kerege-exchange-id'),
    };
  }

  /** Types and signers of what the log holds about an exchange, in order. */
  async leavesOf(id: string): Promise<string[]> {
    const rows = await this.audit.leaves();
    return rows.flatMap(({ body, signer }) => {
      const payload = JSON.parse(Buffer.from(body.toString().split('.')[1] ?? '', 'base64url').toString()) as {
        t: string;
        id: string;
      };
      return payload.id === id ? [`${payload.t} by ${signer}`] : [];
    });
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.agency.stop();
    await this.audit.close();
    for (const database of this.databases) await database.drop();
  }

  private async started(app: RunningApp): Promise<RunningApp> {
    this.apps.add(app);
    await eventually(async () => (await fetch(`${app.url}/ready`)).ok, { timeoutMs: 30_000 });
    return app;
  }

  private async database(): Promise<string> {
    const database = await createDatabase();
    this.databases.push(database);
    return database.url;
  }

  private environment(name: string, instance: string, subsystems: readonly string[]): Record<string, string> {
    const { directory } = this.audit;
    const keysDir = join(directory, `keys-${name}`);
    mkdirSync(keysDir, { recursive: true, mode: 0o700 });
    for (const owner of [instance, ...subsystems]) this.writeKeys(keysDir, owner);
    return {
      KEREGE_PORT: '0',
      KEREGE_INSTANCE_ID: instance,
      KEREGE_KEYS_DIR: keysDir,
      KEREGE_TRUST_FILE: join(directory, 'trust.json'),
      KEREGE_LOG_NOTES_DIR: join(directory, `notes-${name}`),
      KEREGE_AUDIT_URL: this.auditUrl,
      KEREGE_REGISTRY_URL: 'http://127.0.0.1:1',
    };
  }

  private writeKeys(keysDir: string, owner: string): void {
    const { sign, seal } = this.world.keysOf(owner);
    const secret = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'fingerprint' };
    const keys = owner.split('/').length === 2 ? [sign, secret] : [sign, seal];
    const file = join(keysDir, keyFileName(owner));
    writeFileSync(file, JSON.stringify({ keys }));
    chmodSync(file, 0o600);
  }

  private listening(part: string): Logger {
    return createLogger(part, { destination: { write: (line) => this.heard(part, line) } });
  }

  private heard(part: string, line: string): void {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (typeof entry['alarm'] === 'string') this.alarms.push({ ...entry, part, alarm: entry['alarm'] });
  }
}
