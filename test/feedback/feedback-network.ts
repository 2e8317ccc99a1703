import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Bus, OutgoingRecord, ReceivedRecord } from '#bus';
import { decode, encode, fixedTopics, ManifestSchema, message, UnopenedSchema } from '#contracts';
import { exchangeIdFromBytes, toBase64Url, type Clock, type ExchangeId } from '#kernel';
import { readOpeningKey, sealOpening } from '#openings';
import { createLogger, keyFileName, type RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import {
  commit,
  parseTypedSubject,
  signStatement,
  startSession,
  type AnsweredPayload,
  type RequestedPayload,
  type SealingSession,
  type Statement,
  type SubjectOpening,
  type TypedSubject,
} from '#signing';
import { topicSpecsOf } from '#snapshot';
import { buildWorld, createDatabase, eventually, uniqueName, type TestDatabase, type World } from '#testing';
import { receiptBytes } from '../audit/audit-answers.js';
import { AuditNetwork, CONSUMER } from '../audit/audit-network.js';
import {
  AccessHistory,
  type Access,
  type AccessQuery,
} from '../../apps/feedback/src/access-history/access-history.service.js';
import { AccessHistoryStore } from '../../apps/feedback/src/access-history/access-history.store.js';
import { feedbackConfig, type FeedbackConfig } from '../../apps/feedback/src/feedback.config.js';
import { createFeedback } from '../../apps/feedback/src/feedback.module.js';
import { PersonKeys } from '../../apps/feedback/src/key-store/person-keys.store.js';

const FEEDBACK = 'TEST/feedback1';

/** A statement with what opens its commitments. */
export interface Stated {
  readonly statement: Statement;
  readonly subjects: readonly SubjectOpening[];
  readonly users: readonly SubjectOpening[];
}

export interface DeadOpening {
  readonly reason: string;
  readonly value: Buffer;
}

export function person(name: string): TypedSubject {
  const subject = parseTypedSubject(`TEST/${name}`);
  if (subject === undefined) throw new TypeError('no subject');
  return subject;
}

/** Feedback beside a real audit service, and both ends of exchanges, which state and send openings. */
export class FeedbackNetwork {
  readonly dead: DeadOpening[] = [];
  /** Exchange ids that feedback asked for. */
  readonly unopened: string[] = [];
  readonly alarms: Readonly<Record<string, unknown>>[] = [];
  /** Of feedback's log. */
  readonly lines: string[] = [];
  private readonly apps = new Set<RunningApp>();
  private readonly kek = randomBytes(32);
  private session: SealingSession | undefined;
  /** For looking into the tables; the app has its own connections. */
  private lookingInto: { readonly feedback: Database; readonly keys: Database } | undefined;

  private constructor(
    readonly audit: AuditNetwork,
    readonly auditUrl: string,
    readonly keysDatabase: TestDatabase,
  ) {}

  /** `more` edits the definition of the instance further. */
  static async create(more: (text: string) => string = String): Promise<FeedbackNetwork> {
    const audit = await AuditNetwork.create();
    const { url } = await audit.startInForce();
    const network = new FeedbackNetwork(audit, url, await createDatabase());
    const world = await buildWorld({
      number: 2,
      sameKeysAs: audit.world,
      definition: (text) => more(`${text.trimEnd()}\n  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`),
    });
    await audit.bus.ensureTopics(topicSpecsOf(world.snapshot));
    await network.publish(world);
    const { sign } = world.keysOf(FEEDBACK);
    const secret = { kty: 'oct', k: network.kek.toString('base64url'), kid: 'key-store' };
    const file = join(audit.directory, keyFileName(FEEDBACK));
    writeFileSync(file, JSON.stringify({ keys: [sign, secret] }));
    chmodSync(file, 0o600);
    await network.listen();
    return network;
  }

  get bus(): Bus {
    return this.audit.bus;
  }

  config(changes: Partial<FeedbackConfig> = {}): FeedbackConfig {
    const loaded = feedbackConfig.load({
      DATABASE_URL: this.audit.url,
      KEREGE_FEEDBACK_KEYS_DATABASE_URL: this.keysDatabase.url,
      KEREGE_PORT: '0',
      KEREGE_INSTANCE_ID: FEEDBACK,
      KEREGE_KEYS_DIR: this.audit.directory,
      KEREGE_TRUST_FILE: join(this.audit.directory, 'trust.json'),
      KEREGE_LOG_NOTES_DIR: join(this.audit.directory, 'notes'),
      KEREGE_AUDIT_URL: this.auditUrl,
      KEREGE_FEEDBACK_FOLLOW_INTERVAL_MS: '20',
    });
    return { ...loaded, ...changes };
  }

  /** Starts feedback and waits until it is ready. */
  async start(changes: Partial<FeedbackConfig> = {}, deps: { bus?: Bus; clock?: Clock } = {}): Promise<RunningApp> {
    const logger = createLogger('feedback', { destination: { write: (line) => this.heard(line) } });
    const app = await createFeedback(this.config(changes), { bus: this.bus, logger, ...deps });
    this.apps.add(app);
    await eventually(async () => (await fetch(`${app.url}/ready`)).ok, { timeoutMs: 20_000 });
    return app;
  }

  async stop(app: RunningApp): Promise<void> {
    this.apps.delete(app);
    await app.close();
  }

  /** A request of which these are the subjects and, if given, the end user; not stamped yet. */
  async requested(
    subjects: readonly TypedSubject[],
    users: readonly TypedSubject[] = [],
    changes: Partial<RequestedPayload> = {},
  ): Promise<Stated> {
    const [about, by] = [subjects.map((one) => commit('subject', one)), users.map((one) => commit('user', one))];
    const statement = await this.audit.requested({
      subj: about.map(({ commitment }) => commitment),
      ...(by.length === 0 ? {} : { user: by.map(({ commitment }) => commitment) }),
      ...changes,
    });
    return {
      statement,
      subjects: about.map(({ opening }) => opening),
      users: by.map(({ opening }) => opening),
    };
  }

  async answered(
    requested: Statement,
    subjects: readonly TypedSubject[] = [],
    changes: Partial<AnsweredPayload> = {},
  ): Promise<Stated> {
    const about = subjects.map((one) => commit('subject', one));
    const subj = about.length === 0 ? {} : { subj: about.map(({ commitment }) => commitment) };
    const statement = await this.audit.answered(requested, { ...subj, ...changes });
    return { statement, subjects: about.map(({ opening }) => opening), users: [] };
  }

  /** The consumer says that nothing came of it. */
  failed({ payload, leafHash }: Statement): Promise<Statement> {
    const { id, from = '', to = '', svc = '', ep = '' } = payload;
    const said = { why: 'agency-timeout', side: 'provider-system', prev: toBase64Url(leafHash) } as const;
    return signStatement(
      { v: 1, t: 'exchange.failed', id, ts: Date.now(), from, to, svc, ep, ...said },
      this.audit.signerOf(CONSUMER),
    );
  }

  /** Stamps them and waits for their receipts. */
  async stamp(...statements: readonly Statement[]): Promise<void> {
    const before = this.audit.receipts.length;
    await this.audit.stamp(statements);
    await eventually(
      () => {
        const got = new Set(
          this.audit.receipts.slice(before).map(({ leaf }) => Buffer.from(leaf.leafHash).toString('hex')),
        );
        return statements.every(({ leafHash }) => got.has(leafHash.toString('hex')));
      },
      { timeoutMs: 20_000 },
    );
  }

  /** An opening as a gateway or connector seals it, with the key that feedback announced last. */
  async sealed(
    stated: Stated,
    changes: Partial<Stated> & { readonly exchangeId?: ExchangeId; readonly concealment?: Uint8Array } = {},
  ): Promise<Buffer> {
    const { statement, subjects, users } = { ...stated, ...changes };
    const named = changes.concealment === undefined ? {} : { concealment: changes.concealment };
    this.session ??= await this.newSession();
    const exchangeId = changes.exchangeId ?? (stated.statement.payload.id as ExchangeId);
    const openings = { exchangeId, statementHash: statement.leafHash, subjects, users, ...named };
    return Buffer.from(sealOpening(openings, this.session));
  }

  async send(...values: readonly Buffer[]): Promise<void> {
    const records = values.map((value): OutgoingRecord => {
      const partition = (value.at(-1) ?? 0) % fixedTopics.opening.partitions;
      return { topic: fixedTopics.opening.name, partition, key: 'x', value };
    });
    for (let at = 0; at < records.length; at += 500) await this.bus.publish(records.slice(at, at + 500));
  }

  /** The keys of persons, over the tables or over what stands before them. */
  personKeys(database: Database): PersonKeys {
    return new PersonKeys(database, this.kek);
  }

  /** The read model over what is in the tables, apart from the app's own. */
  async history(): Promise<AccessHistory> {
    const { feedback, keys } = await this.databases();
    const clock = { now: () => Date.now() };
    const compromises = { since: () => Promise.resolve(undefined) };
    return new AccessHistory(new AccessHistoryStore(feedback), this.personKeys(keys), clock, compromises);
  }

  /** All accesses of a person, page by page. */
  async accesses(subject: TypedSubject, query: Partial<AccessQuery> = {}): Promise<Access[]> {
    const history = await this.history();
    const all: Access[] = [];
    let before: AccessQuery['before'];
    do {
      const page = await history.page({ subjects: [subject], limit: 50, ...query, before });
      all.push(...page.accesses);
      before = page.next;
    } while (before !== undefined);
    return all;
  }

  /** Commitments of the log that are in that state. */
  async commitments(state: string): Promise<number> {
    const { feedback } = await this.databases();
    const [row] = await feedback.query<{ n: string }>('SELECT count(*) AS n FROM commitment WHERE state = $1', [state]);
    return Number(row?.n);
  }

  async databases(): Promise<{ readonly feedback: Database; readonly keys: Database }> {
    this.lookingInto ??= {
      feedback: await openDatabase({ url: this.audit.url, schema: 'feedback', migrations: [], poolSize: 2 }),
      keys: await openDatabase({ url: this.keysDatabase.url, schema: 'feedback_keys', migrations: [], poolSize: 2 }),
    };
    return this.lookingInto;
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
    await this.lookingInto?.feedback.close();
    await this.lookingInto?.keys.close();
    await this.audit.close();
    await this.keysDatabase.drop();
  }

  private async newSession(): Promise<SealingSession> {
    const announced = await eventually(() => this.newestKey());
    return startSession({ recipient: announced.instance, kid: announced.kid, publicJwk: announced.jwk });
  }

  private async newestKey() {
    const announcements: string[] = [];
    const subscription = await this.bus.subscribe({
      topics: [fixedTopics.openingKey.name],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 10,
      onError: () => undefined,
      each: ({ value }) => void announcements.push(value.toString()),
    });
    await eventually(() => announcements.length > 0);
    await subscription.stop();
    const read = readOpeningKey(announcements.at(-1) ?? '', this.audit.world.view, Date.now());
    if (!read.ok) throw new TypeError(read.reason);
    return read.value;
  }

  /** The next snapshot, in force. */
  async publish(world: World): Promise<void> {
    const manifest = await this.audit.enact(world);
    const receipt = receiptBytes(this.audit.receiptOf(manifest.leafHash));
    const fields = { statement: manifest.jws, digests: world.digests, receipt };
    const value = encode(ManifestSchema, message(ManifestSchema, fields));
    await this.bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key: 'manifest', value }]);
  }

  private async listen(): Promise<void> {
    await this.bus.subscribe({
      topics: [fixedTopics.deadFeedback.name, fixedTopics.unopened.name],
      group: uniqueName('spec'),
      startAt: { kind: 'latest' },
      maxInFlight: 1000,
      onError: () => undefined,
      each: (record) => this.take(record),
    });
  }

  private take({ topic, headers, value }: ReceivedRecord): void {
    if (topic === fixedTopics.deadFeedback.name) this.dead.push({ reason: headers['dead-reason']?.[0] ?? '', value });
    else this.unopened.push(exchangeIdFromBytes(decode(UnopenedSchema, value).exchangeId) ?? '');
  }

  private heard(line: string): void {
    this.lines.push(line);
    const entry = JSON.parse(line) as Record<string, unknown>;
    if ('alarm' in entry) this.alarms.push(entry);
  }
}
