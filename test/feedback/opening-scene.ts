import { randomBytes } from 'node:crypto';
import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId, type InstanceId } from '#kernel';
import { OpeningSessions, sealOpening } from '#openings';
import { openDatabase, type Database } from '#postgres';
import {
  commit,
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  publicJwk,
  signStatement,
  startSession,
  type SealingSession,
  type StatementPayload,
  type TypedSubject,
} from '#signing';
import { createDatabase, isolatedBus, testBus, uniqueName, type TestDatabase } from '#testing';
import { AccessHistory } from '../../apps/feedback/src/access-history/access-history.service.js';
import { AccessHistoryStore } from '../../apps/feedback/src/access-history/access-history.store.js';
import { ConcealmentClaims } from '../../apps/feedback/src/concealment/claims.service.js';
import { Erasure } from '../../apps/feedback/src/erasure/erasure.service.js';
import { ErasureStore } from '../../apps/feedback/src/erasure/erasure.store.js';
import { keyMigrations } from '../../apps/feedback/src/key-store/migrations/index.js';
import { DoomedKeys } from '../../apps/feedback/src/key-store/doomed-keys.store.js';
import { ErasureMarks } from '../../apps/feedback/src/key-store/erasure-marks.store.js';
import { PersonKeys } from '../../apps/feedback/src/key-store/person-keys.store.js';
import { FollowedLogStore } from '../../apps/feedback/src/log-follower/followed-log.store.js';
import { rowsOf } from '../../apps/feedback/src/log-follower/leaf-row.js';
import { migrations } from '../../apps/feedback/src/migrations/index.js';
import { ErasedOpenings } from '../../apps/feedback/src/openings/erased-openings.service.js';
import { InboxStore, LANES } from '../../apps/feedback/src/openings/inbox.store.js';
import { OpeningMatch } from '../../apps/feedback/src/openings/opening-match.service.js';
import { CrashPoint } from './crash-point.js';

const INSTANCE = 'TEST/feedback1' as InstanceId;
const signer = jwkSigner(generateSigningKey());

/** Accesses to three persons in a log and a partition of their own, and what opens them. */
export interface Scene {
  readonly origin: string;
  readonly partition: number;
  readonly leaves: readonly { readonly index: number; readonly hash: Buffer; readonly body: Buffer }[];
  readonly values: readonly Buffer[];
  readonly people: readonly TypedSubject[];
}

/** Databases of feedback, and what it does in them as a process that may end anywhere. */
export class OpeningScenes {
  private readonly kek = randomBytes(32);
  private scenes = 0;

  private constructor(
    private readonly own: TestDatabase,
    readonly feedback: Database,
    readonly keys: Database,
    private readonly bus: Bus,
    private readonly sealing: ReturnType<typeof generateSealingKey>,
    private readonly session: SealingSession,
  ) {}

  static async create(): Promise<OpeningScenes> {
    const own = await createDatabase();
    const feedback = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 4 });
    const keys = await openDatabase({ url: own.url, schema: 'feedback_keys', migrations: keyMigrations, poolSize: 3 });
    const bus = isolatedBus(await testBus(), uniqueName('crash'));
    await bus.ensureTopics([fixedTopics.deadFeedback]);
    const sealing = generateSealingKey();
    const session = await startSession({ recipient: INSTANCE, kid: sealing.kid, publicJwk: publicJwk(sealing) });
    return new OpeningScenes(own, feedback, keys, bus, sealing, session);
  }

  async close(): Promise<void> {
    await this.bus.close();
    await this.feedback.close();
    await this.keys.close();
    await this.own.drop();
  }

  async scene(): Promise<Scene> {
    this.scenes += 1;
    const people = ['A', 'B', 'C'].map((name) => ({ country: 'TEST', type: 'PIN', code: `${name}${this.scenes}` }));
    const made = await Promise.all(people.map((person, index) => this.access(person, index)));
    const [leaves, values] = [made.map(({ leaf }) => leaf), made.map(({ value }) => value)];
    return { origin: `log-${this.scenes}`, partition: this.scenes, people, leaves, values };
  }

  /** What its persons are shown. */
  shown({ people }: Scene): Promise<string[][]> {
    const clock = { now: () => Date.now() };
    const compromises = { since: () => Promise.resolve(undefined) };
    const keys = new PersonKeys(this.keys, this.kek);
    const history = new AccessHistory(new AccessHistoryStore(this.feedback), keys, clock, compromises);
    const shown = people.map((person) => history.page({ subjects: [person], limit: 10 }));
    return Promise.all(shown.map(async (page) => (await page).accesses.map(({ opening }) => opening.code)));
  }

  /** A process that starts now and ends there. */
  process(crash = new CrashPoint()): SceneProcess {
    const { sealing, bus, kek } = this;
    const [feedback, keyStore] = [crash.over(this.feedback), crash.over(this.keys)];
    const keys = new PersonKeys(keyStore, kek);
    const [doomed, marks] = [new DoomedKeys(keyStore), new ErasureMarks(keyStore)];
    const inbox = new InboxStore(feedback);
    const match = new OpeningMatch({
      ...{ database: feedback, inbox, keys, bus, erased: new ErasedOpenings(doomed, marks) },
      sessions: new OpeningSessions(INSTANCE, (kid) => (kid === sealing.kid ? sealing : undefined)),
      claims: new ConcealmentClaims(() => ({ authorities: [], operator: undefined, maxMs: 0 })),
      people: () => () => 'citizen',
      isCaughtUp: () => true,
    });
    const statements = {
      sign: <Payload extends StatementPayload>(payload: Payload) => signStatement(payload, signer),
      keep: () => Promise.resolve(),
      wake: () => undefined,
    };
    const erasure = new Erasure({
      ...{ keys, doomed, marks, statements, clock: { now: () => Date.now() }, erased: () => undefined },
      store: new ErasureStore(feedback),
    });
    return new SceneProcess(feedback, inbox, match, erasure, sealing.kid);
  }

  private async access(person: TypedSubject, index: number) {
    const { commitment, opening } = commit('subject', person);
    const id = newExchangeId();
    const parties = { from: 'T/GOV/1/a', to: 'T/GOV/2/b', svc: 'T/GOV/2/b/s', ep: 'GET /' };
    // Two of the first lane, one of the second: every scene has as many steps.
    const isSecond = index === 2;
    let statement: Awaited<ReturnType<typeof signStatement>>;
    do {
      const req = `h1:${randomBytes(32).toString('base64url')}`;
      const said = { pur: 'p', law: 'l', req, subj: [commitment], snap: 1 };
      statement = await signStatement(
        { v: 1, t: 'exchange.requested', id, ts: Date.now(), ...parties, ...said },
        signer,
      );
    } while (statement.leafHash.readUInt8(0) >= 0x80 !== isSecond);
    const openings = { exchangeId: id, statementHash: statement.leafHash, subjects: [opening], users: [] };
    const value = Buffer.from(sealOpening(openings, this.session));
    return { leaf: { index, hash: statement.leafHash, body: Buffer.from(statement.jws) }, value };
  }
}

export class SceneProcess {
  constructor(
    private readonly feedback: Database,
    private readonly inbox: InboxStore,
    private readonly match: OpeningMatch,
    readonly erasure: Erasure,
    private readonly kid: string,
  ) {}

  /** Takes the openings of the topic up to that one: each comes from either end. */
  async takeOpenings({ partition, leaves, values }: Scene, until: number): Promise<void> {
    const arrived = [...values, ...values].map((value, at) => {
      const statement = leaves[at % leaves.length]?.hash ?? Buffer.alloc(0);
      return { statement, kid: this.kid, value, offset: BigInt(at), atMs: Date.now() };
    });
    const { nextOffset: from } = await this.inbox.readTo(partition);
    const stretch = { partition, from, lastOffset: BigInt(until) - 1n, lastHash: Buffer.alloc(32) };
    await this.inbox.take(stretch, arrived.slice(Number(from), until));
  }

  async takeLeaves({ origin, leaves }: Scene): Promise<void> {
    const logs = new FollowedLogStore(this.feedback, 600_000);
    const position = await logs.position(origin);
    const fresh = leaves.slice(position.frontier.size);
    const next = position.frontier.extend(fresh.map(({ hash }) => hash));
    await logs.take(
      position,
      next,
      rowsOf(fresh, () => false),
      Date.now(),
    );
  }

  async matchAll(): Promise<void> {
    for (const lane of LANES) while ((await this.match.match(2, lane)).openings > 0);
  }
}
