import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Bus, ReceivedRecord } from '#bus';
import { decode, fixedTopics, ReceiptsSchema } from '#contracts';
import { newExchangeId, systemClock, toBase64Url, type Clock } from '#kernel';
import { keyFileName, silentLogger, type Logger, type RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import {
  generateSigningKey,
  jwkSigner,
  publicJwk,
  signStatement,
  type AnsweredPayload,
  type PrivateJwk,
  type PublicJwk,
  type RequestedPayload,
  type Signer,
  type Statement,
  type StatementPayload,
} from '#signing';
import { publicDigest, topicSpecsOf } from '#snapshot';
import { buildWorld, createDatabase, eventually, isolatedBus, testBus, uniqueName, type World } from '#testing';
import { makeVkey, noteSigner, openNote, parseVkey, verifyInclusion, type NoteKey, type NoteSigner } from '#tlog';
import { auditConfig, type AuditConfig } from '../../apps/audit/src/audit.config.js';
import { createAudit } from '../../apps/audit/src/audit.module.js';
import type { DeadLetter, Receipt } from './audit-answers.js';

export const CONSUMER = 'TEST/GOV/1000/mygov';
export const PROVIDER = 'TEST/GOV/1001/population';
export const SERVICE = `${PROVIDER}/persons`;
const AUDIT = 'TEST/audit1';
const REGISTRY = 'TEST/registry1';
const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const H = (text: string) => `h1:${Buffer.from(text.padEnd(32)).toString('base64url')}`;

/** A database and a broker that nobody else uses, where a spec does not share those of its run. */
export interface OwnServices {
  readonly url: string;
  /** Closed with the network. */
  readonly bus: Bus;
}

/** A database of its own on the PostgreSQL of the run, and topics of its own on its broker. */
async function sharedServices(): Promise<OwnServices & { drop(): Promise<void> }> {
  const { url, drop } = await createDatabase();
  return { url, bus: isolatedBus(await testBus(), uniqueName('audit')), drop };
}

const nothing = () => Promise.resolve();

export interface NetworkOptions {
  readonly origins?: readonly string[];
  readonly timestampRoots?: readonly string[];
  readonly services?: OwnServices;
}

/** The audit service on a database and topics of its own, with a world of members, and somebody who stamps. */
export class AuditNetwork {
  readonly receipts: Receipt[] = [];
  /** Topics on which receipts arrived, in order. */
  readonly replyTopics: string[] = [];
  readonly deadLetters: DeadLetter[] = [];
  world: World;
  private readonly apps: RunningApp[] = [];
  /** Leaf hash of the manifest that stands last in the log; set by its receipt. */
  private lastManifest: Buffer | undefined;
  private readonly manifests = new Set<string>();

  private constructor(
    readonly bus: Bus,
    readonly database: Database,
    readonly url: string,
    readonly noteKey: NoteKey,
    /** Keys and trust.json. */
    readonly directory: string,
    /** The log's own: what an attacker who has its key can do. */
    readonly logSigner: NoteSigner,
    private readonly dropDatabase: () => Promise<void>,
    world: World,
    /** Origins of the shard's windows whose keys are there, and the keys. */
    readonly origins: readonly string[],
    readonly noteKeys: readonly NoteKey[],
  ) {
    this.world = world;
  }

  /** Everything but audit itself, with a key for each of these windows, the first of which is the shard's first. */
  static async create({
    origins = [ORIGIN],
    timestampRoots = [],
    services,
  }: NetworkOptions = {}): Promise<AuditNetwork> {
    const { url, bus, drop } = services === undefined ? await sharedServices() : { ...services, drop: nothing };
    const world = await buildWorld();
    await bus.ensureTopics(topicSpecsOf(world.snapshot));
    const directory = mkdtempSync(join(tmpdir(), 'kerege-audit-'));
    const logKeys = origins.map(() => generateSigningKey());
    const vkeys = logKeys.map((logKey, at) => {
      const origin = origins[at] ?? ORIGIN;
      writeKey(directory, at === 0 ? `${AUDIT}.log` : `${AUDIT}.log.${origin.split('/').at(-1)}`, logKey);
      return makeVkey(origin, Buffer.from(logKey.x, 'base64url'));
    });
    writeKey(directory, AUDIT, world.keysOf(AUDIT).sign);
    const registry = world.keysOf(REGISTRY).sign;
    writeFileSync(
      join(directory, 'trust.json'),
      JSON.stringify({
        v: 1,
        instance: 'TEST',
        logs: vkeys,
        registry: [{ ...publicJwk(registry), kid: registry.kid }],
        witnesses: null,
        timestampRoots,
      }),
    );
    const noteKeys = vkeys.map((vkey) => parseVkey(vkey)).flatMap((key) => (key.ok ? [key.value] : []));
    const [[noteKey], [logKey]] = [noteKeys, logKeys];
    if (noteKey === undefined || logKey === undefined) throw new TypeError('no vkey');
    const x = Buffer.from(logKey.x, 'base64url');
    const logSigner = noteSigner(noteKey.name, x, (message) => jwkSigner(logKey).sign(message));
    // For looking into the tables; the app has its own connections.
    const database = await openDatabase({ url, schema: 'spec', migrations: [], poolSize: 2 });
    const network = new AuditNetwork(bus, database, url, noteKey, directory, logSigner, drop, world, origins, noteKeys);
    await network.listen();
    return network;
  }

  /** Names witnesses in trust.json, by lines of a tlog-policy, or none; audit reads it at its next start. */
  trustWitnesses(lines: readonly string[] | null): void {
    this.changeTrust({ witnesses: lines });
  }

  /** Names those of whom any two may start the log without a witness. */
  trustOperators(operators: readonly PublicJwk[]): void {
    this.changeTrust({ operators });
  }

  private changeTrust(changes: object): void {
    const file = join(this.directory, 'trust.json');
    const trust = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...trust, ...changes }));
  }

  /** Settings of every audit process of this log, wherever it runs. */
  get env(): Readonly<Record<string, string>> {
    return {
      KEREGE_INSTANCE_ID: AUDIT,
      KEREGE_KEYS_DIR: this.directory,
      KEREGE_TRUST_FILE: join(this.directory, 'trust.json'),
      KEREGE_AUDIT_ORIGIN: this.origins[0] ?? ORIGIN,
      KEREGE_AUDIT_READER_TOKENS: 'public',
    };
  }

  config(changes: Partial<AuditConfig> = {}): AuditConfig {
    return { ...auditConfig.load({ ...this.env, DATABASE_URL: this.url, KEREGE_PORT: '0' }), ...changes };
  }

  /** Starts audit and waits until it sequences (not for a manifest). */
  async start(
    changes: Partial<AuditConfig> = {},
    deps: { bus?: Bus; clock?: Clock; logger?: Logger } = {},
  ): Promise<RunningApp> {
    const { bus = this.bus, clock = systemClock, logger = silentLogger() } = deps;
    const app = await createAudit(this.config(changes), { bus, clock, logger });
    this.apps.push(app);
    await eventually(async () => {
      const text = await (await fetch(`${app.url}/ready`)).text();
      return !text.includes('not read yet') && !text.includes('is not ours');
    });
    return app;
  }

  /** Starts audit and puts the world in force. */
  async startInForce(changes: Partial<AuditConfig> = {}): Promise<RunningApp> {
    const app = await this.start(changes);
    await this.enact(this.world);
    return app;
  }

  /** Publishes a world's snapshot and stamps its manifest, which must be accepted. */
  async enact(world: World, atMs = Date.now()): Promise<Statement> {
    await this.publishSnapshot(world);
    const manifest = await this.manifest(world, atMs);
    await this.stampAndWait(manifest);
    this.world = world;
    return manifest;
  }

  async publishSnapshot(world: World): Promise<void> {
    const key = `snapshot.${world.snapshot.number % 2}`;
    await this.bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key, value: gzipSync(world.bytes) }]);
  }

  async manifest(
    world: World,
    atMs = Date.now(),
    signer = this.signerOf(REGISTRY),
    prev = this.lastManifest,
  ): Promise<Statement> {
    const statement = await signStatement(
      {
        v: 1,
        t: 'registry.manifest',
        id: newExchangeId(),
        ts: atMs,
        n: world.snapshot.number,
        until: atMs + 600_000,
        doc: publicDigest(world.digests),
        ...(prev === undefined ? {} : { prev: toBase64Url(prev) }),
      },
      signer,
    );
    this.manifests.add(statement.leafHash.toString('hex'));
    return statement;
  }

  signerOf(identifier: string): Signer {
    return jwkSigner(this.world.keysOf(identifier).sign);
  }

  requested(changes: Partial<RequestedPayload> = {}, signer = this.signerOf(CONSUMER)) {
    const payload: RequestedPayload = {
      v: 1,
      t: 'exchange.requested',
      id: newExchangeId(),
      ts: Date.now(),
      from: CONSUMER,
      to: PROVIDER,
      svc: SERVICE,
      ep: 'GET /{pin}',
      pur: 'citizen-view',
      law: 'LB-1',
      req: H('req'),
      subj: [],
      snap: 1,
      ...changes,
    };
    return signStatement(payload, signer);
  }

  answered(requested: Statement, changes: Partial<AnsweredPayload> = {}, signer = this.signerOf(PROVIDER)) {
    const payload: AnsweredPayload = {
      v: 1,
      t: 'exchange.answered',
      id: requested.payload.id,
      ts: Date.now(),
      from: CONSUMER,
      to: PROVIDER,
      svc: SERVICE,
      ep: 'GET /{pin}',
      st: 200,
      res: H('res'),
      prev: toBase64Url(requested.leafHash),
      snap: 1,
      ...changes,
    };
    return signStatement(payload, signer);
  }

  get replyTopic(): string {
    return this.world.view.instances.find((instance) => instance.kind === 'gateway')?.reply ?? '';
  }

  /** Sends stamps in order, up to 200 in one produce call: the broker takes 1 MiB in one. */
  async stamp(
    statements: readonly (Statement | Buffer)[],
    replies: readonly string[] = [this.replyTopic],
  ): Promise<void> {
    const records = statements.map((statement) => ({
      topic: fixedTopics.stamp.name,
      partition: 0,
      value: Buffer.isBuffer(statement) ? statement : Buffer.from(statement.jws),
      headers: { reply: replies },
    }));
    for (let at = 0; at < records.length; at += 200) await this.bus.publish(records.slice(at, at + 200));
  }

  /** The newest receipt that names this leaf. */
  receiptOf(leafHash: Uint8Array): Receipt | undefined {
    return this.receipts.findLast((receipt) => Buffer.from(receipt.leaf.leafHash).equals(leafHash));
  }

  async stampAndWait(statement: Statement, timeoutMs = 15_000): Promise<Receipt> {
    const before = this.receipts.length;
    await this.stamp([statement]);
    await eventually(() => this.receipts.slice(before).some((r) => statement.leafHash.equals(r.leaf.leafHash)), {
      timeoutMs,
    });
    return this.receiptOf(statement.leafHash) as Receipt;
  }

  /** Reason with which intake refuses it. */
  async refusalOf(statement: Statement, replies?: readonly string[]): Promise<string> {
    await this.stamp([statement], replies);
    const receipt = await eventually(() => this.receiptOf(statement.leafHash), { timeoutMs: 15_000 });
    return receipt.leaf.refused;
  }

  /** Rows of all windows: what they are, in order. */
  async leaves(): Promise<
    { log_id: number; idx: number; slot: string; signer: string; body: Buffer; leaf_hash: Buffer }[]
  > {
    const rows = await this.database.query<{
      log_id: number;
      idx: string;
      slot: string;
      signer: string;
      body: Buffer;
      leaf_hash: Buffer;
    }>('SELECT log_id, idx, slot, signer, body, leaf_hash FROM audit.log_leaf ORDER BY log_id, idx');
    return rows.map((row) => ({ ...row, idx: Number(row.idx) }));
  }

  /** Of the newest window. */
  async head(): Promise<{ size: number; nextOffset: bigint; epoch: bigint; note: string }> {
    const [row] = await this.database.query<{ size: string; next_offset: string; epoch: string; note: string }>(
      'SELECT size, next_offset, epoch, note FROM audit.log_head ORDER BY log_id DESC LIMIT 1',
    );
    if (row === undefined) throw new TypeError('no head');
    return {
      size: Number(row.size),
      nextOffset: BigInt(row.next_offset),
      epoch: BigInt(row.epoch),
      note: row.note,
    };
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.bus.close();
    await this.database.close();
    await this.dropDatabase();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async listen(): Promise<void> {
    const topics = [
      ...this.world.snapshot.instances.flatMap((instance) => (instance.reply === undefined ? [] : [instance.reply])),
      ...Object.values(this.world.snapshot.topics).map((topic) => topic.receipt),
    ];
    await this.bus.subscribe({
      topics: [...topics, fixedTopics.deadAudit.name],
      group: uniqueName('spec'),
      startAt: { kind: 'latest' },
      maxInFlight: 1000,
      onError: () => undefined,
      each: (record) => {
        if (record.topic === fixedTopics.deadAudit.name) this.deadLetters.push(deadLetter(record));
        else this.take(record.topic, record.value);
      },
    });
  }

  private take(topic: string, value: Buffer): void {
    const { note, size, leaves } = decode(ReceiptsSchema, value);
    const opened = openNote(note, this.noteKeys);
    this.replyTopics.push(topic);
    for (const leaf of leaves) {
      const isProven =
        opened.ok &&
        opened.value.size === Number(size) &&
        verifyInclusion(leaf.leafHash, Number(leaf.index), opened.value.size, leaf.path, opened.value.root);
      if (isProven && this.manifests.delete(Buffer.from(leaf.leafHash).toString('hex')))
        this.lastManifest = Buffer.from(leaf.leafHash);
      this.receipts.push({
        leaf,
        origin: opened.ok ? opened.value.origin : '',
        size: Number(size),
        note: Buffer.from(note),
        isProven,
      });
    }
  }
}

function deadLetter({ headers, value }: ReceivedRecord): DeadLetter {
  const header = (name: string) => headers[name]?.[0];
  return {
    reason: header('dead-reason') ?? '',
    value,
    length: header('dead-length'),
    sha256: header('dead-sha256'),
  };
}

function writeKey(directory: string, identifier: string, key: PrivateJwk): void {
  const file = join(directory, keyFileName(identifier));
  writeFileSync(file, JSON.stringify({ keys: [key] }));
  chmodSync(file, 0o600);
}

/** Any payload, signed by any key, unchecked by the table: what a forger could send. */
export async function forge(payload: Partial<StatementPayload>, key: PrivateJwk, kid = key.kid): Promise<Buffer> {
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, typ: 'kerege-statement+jwt' }));
  const input = `${header.toString('base64url')}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  return Buffer.from(`${input}.${toBase64Url(await jwkSigner(key).sign(Buffer.from(input)))}`);
}
