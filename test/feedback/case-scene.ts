import { randomBytes } from 'node:crypto';
import { draftCase, outlineOf, readTermsProfiles, spellPublicNumber, type OwnerAct, type Terms } from '#corrections';
import { CASE_KINDS, openDelivery, Outbox, readDispute } from '#deliveries';
import { newExchangeId, toBase64Url, type ServiceId, type SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { commit, jwkSigner, signStatement, type Statement, type StatementPayload } from '#signing';
import { buildWorld, createDatabase, type TestDatabase, type World } from '#testing';
import { CaseDeliveries } from '../../apps/feedback/src/corrections/case-deliveries.service.js';
import { casePayload } from '../../apps/feedback/src/corrections/case-payload.js';
import { CaseStore, type CaseStep } from '../../apps/feedback/src/corrections/case.store.js';
import { CaseWork } from '../../apps/feedback/src/corrections/case-work.worker.js';
import { Cases, pendingOf } from '../../apps/feedback/src/corrections/cases.service.js';
import type { KeptCase } from '../../apps/feedback/src/corrections/kept-case.js';
import { keepSubject } from '../../apps/feedback/src/corrections/kept-subject.js';
import { nextStep } from '../../apps/feedback/src/corrections/next-step.js';
import { NotificationStore } from '../../apps/feedback/src/notifications/notification.store.js';
import { OwnWordsStore } from '../../apps/feedback/src/corrections/own-words/own-words.store.js';
import { NoticeStore } from '../../apps/feedback/src/corrections/notice.store.js';
import { OwnerActs } from '../../apps/feedback/src/corrections/owner-acts.service.js';
import { Telling } from '../../apps/feedback/src/corrections/telling.service.js';
import { keyMigrations } from '../../apps/feedback/src/key-store/migrations/index.js';
import { PersonKeys, type DataKey } from '../../apps/feedback/src/key-store/person-keys.store.js';
import { tagAt } from '../../apps/feedback/src/key-store/person-tags.js';
import { epochTagKey } from '../../apps/feedback/src/key-store/tag.js';
import { migrations } from '../../apps/feedback/src/migrations/index.js';
import { OwnStatementStore } from '../../apps/feedback/src/statements/own-statement.store.js';
import { amendWorld, withUnusableSeal } from '../audit/amended-world.js';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { CrashPoint } from './crash-point.js';

export const PORTAL = CONSUMER as SubsystemId;
export const OWNER = PROVIDER as SubsystemId;
const BIRTH = 'person.birth-date';
const ELEMENTS = `
elements:
  - { id: ${BIRTH}, owner: GOV/1001/population, title: { en: Date of birth } }
elementPlaces:
  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /birth, element: ${BIRTH} }
`;
const otherMember = (member: string, code: string) => `
  - id: ${member}
    name: { en: Other }
    subsystems:
      - code: ${code}
        services:
          - code: records
            timeoutMs: 5000
            subject: { type: PIN, country: TEST, from: { path: id } }
            endpoints: [{ endpoint: "GET /{id}" }]`;

/**
 * Cases in feedback's own database, by a clock that the spec turns and a log that holds what the spec lets it: a year
 * passes in seconds, and the process ends wherever the spec has it end.
 */
export class CaseScene {
  /** Whom feedback could not tell something. */
  readonly untold: string[] = [];
  nowMs = Date.parse('2026-11-23T08:00:00Z');
  private readonly kek = randomBytes(32);
  private snapshot = 1;

  private constructor(
    private readonly own: TestDatabase,
    readonly feedback: Database,
    private readonly keyStore: Database,
    private world: World,
    private readonly terms: ReadonlyMap<string, Terms>,
  ) {}

  static async create(): Promise<CaseScene> {
    const own = await createDatabase();
    const feedback = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 4 });
    const keys = await openDatabase({ url: own.url, schema: 'feedback_keys', migrations: keyMigrations, poolSize: 3 });
    await feedback.query("INSERT INTO followed_log (origin) VALUES ('log.example')");
    const world = await buildWorld({ definition: (text) => `${ELEMENTS}${text}` });
    return new CaseScene(own, feedback, keys, world, await readTermsProfiles('deploy/terms'));
  }

  async close(): Promise<void> {
    await this.feedback.close();
    await this.keyStore.close();
    await this.own.drop();
  }

  /** A process that starts now and ends there; `found` is told before it finds out who was shown a datum. */
  process(crash = new CrashPoint(), found: () => Promise<void> = () => Promise.resolve()) {
    const [database, keyStore] = [crash.over(this.feedback), crash.over(this.keyStore)];
    const { terms } = this;
    const clock = { now: () => this.nowMs };
    const registry = { current: () => this.world.view };
    const keys = new PersonKeys(keyStore, this.kek);
    const store = new CaseStore(database);
    const kept = new OwnStatementStore(database);
    const statements = {
      sign: (payload: StatementPayload) => this.signedAs(OWNER, payload),
      keep: (queries: Parameters<OwnStatementStore['keep']>[0], one: Pick<Statement, 'jws' | 'leafHash'>) =>
        kept.keep(queries, one, this.nowMs),
      wake: () => undefined,
    };
    const deliveries = { outbox: new Outbox(), wake: () => undefined };
    const delivering = new CaseDeliveries({
      ...{ registry, keys, terms, clock, nameKey: this.kek, untold: (recipient) => this.untold.push(recipient) },
    });
    const cases = new Cases({
      store,
      terms,
      registry,
      statements,
      delivering,
      deliveries,
      clock,
      moved: () => undefined,
    });
    const recipients = [{ subsystem: PORTAL, lastExchangeId: newExchangeId() }];
    const telling = new Telling({ store, cases, keys, recipients: { of: () => found().then(() => recipients) } });
    const failures: unknown[] = [];
    const work = new CaseWork({
      ...{ store, cases, delivering, deliveries, registry, clock, intervalMs: 1_000 },
      finding: {
        telling: (one) => telling.tell(one),
        closing: (one) => telling.close(one),
        split: () => Promise.resolve(false),
      },
      successions: { keepUp: () => Promise.resolve() },
      words: new OwnWordsStore(database),
      notifying: (queries, after, stood) => new NotificationStore(database).add(queries, after, stood),
      noting: (queries, after, told) => new NoticeStore(database).add(queries, this.kek, after, told),
      ...{ lost: () => undefined, stood: () => undefined },
      failed: (cause) => failures.push(cause),
    });
    return { store, cases, work, keys, failures, owners: new OwnerActs({ store, cases, clock }) };
  }

  /** A case that is filed and waits for its first leaf. */
  async filed(profile = 'default'): Promise<string> {
    const { store, keys } = this.process();
    const id = newExchangeId();
    const salt = toBase64Url(randomBytes(32));
    const subject = { country: 'TEST', type: 'PIN', code: id.slice(-8).toUpperCase() };
    const exchangeId = newExchangeId();
    const outline = outlineOf({
      ...{ v: 1, salt, subject: `TEST/PIN/${subject.code}`, exchangeId, language: 'en', attachments: [] },
      items: [{ element: BIRTH, pointer: '/birth', doubted: '1911', proposed: '2001' }],
    });
    const record = draftCase({
      ...{ correctionId: id, kind: 'ERROR', profile, needsTwoPersons: false, portal: PORTAL, owner: OWNER },
      ...{ service: SERVICE as ServiceId, exchangeId: exchangeId },
      items: [{ elementId: BIRTH, jsonPointer: '/birth' }],
      publicNumber: spellPublicNumber({ country: 'TE', year: 2026, count: Number(`0x${id.slice(-6)}`) }),
    });
    const facts = { isExchangeOfSubject: true, unknownElements: [], isSignatureValid: true, isAtDisputeLimit: false };
    const by = { role: 'portal', subsystem: PORTAL, mayAct: true } as const;
    const terms = this.terms.get(profile) as Terms;
    const event = { type: 'submit', by, facts, doc: outline.digest } as const;
    const step = nextStep({ record, deadlines: [] }, event, terms, this.nowMs);
    if (!step.ok) throw new TypeError(step.reason.code);
    const { commitment, opening } = commit('subject', subject);
    const moment = { caseId: id, atMs: this.nowMs, dueMs: step.value.dueMs, subject: commitment };
    const statement = await this.signedAs(PORTAL, casePayload(step.value.statement, moment));
    const person = await tagAt(subject, this.nowMs, keys);
    const { id: keyId, key } = (await keys.ensure([person])).get(epochTagKey(person)) as DataKey;
    await store.transaction(async (queries) => {
      await store.add(queries, {
        ...{ id, record, deadlines: [], person, keyId, contentId: newExchangeId(), filedMs: this.nowMs },
        details: { endpoint: 'GET /{pin}', language: 'en', outline },
        subjectEnc: keepSubject(key, id, { ...subject, r: toBase64Url(opening.r) }),
        ...{ sealed: randomBytes(8), pending: pendingOf(step.value, this.nowMs), leaf: statement.leafHash },
      });
      await new OwnStatementStore(this.feedback).keep(queries, statement, this.nowMs);
    });
    return id;
  }

  /** From now on that service (`CLASS/MEMBER/SUBSYSTEM/SERVICE`) shows the date of birth as well, and no other new one. */
  async shownBy(service: string, code = 'archive'): Promise<void> {
    const place = `  - { service: ${service}, endpoint: "GET /{id}", pointer: /born, element: ${BIRTH} }\n`;
    const member = otherMember(service.split('/').slice(0, 2).join('/'), code);
    this.snapshot += 1;
    this.world = await buildWorld({
      ...{ sameKeysAs: this.world, number: this.snapshot },
      definition: (text) => `${ELEMENTS}${place}${text.replace('\ninstances:', `${member}\ninstances:`)}`,
    });
  }

  /** While it lasts, nothing can be sealed with the newest key that this subsystem has published. */
  async unsealable<Done>(subsystem: string, work: () => Promise<Done>): Promise<Done> {
    const before = this.world;
    this.snapshot += 1;
    this.world = await amendWorld(before, this.snapshot, withUnusableSeal(subsystem));
    try {
      return await work();
    } finally {
      this.world = before;
    }
  }

  /** Flags that were sent to that subsystem, in their order. */
  async flagsOf(subsystem: string): Promise<boolean[]> {
    const rows = await this.feedback.query<{ value: Buffer; id: string }>(
      `SELECT id, value FROM delivery WHERE recipient = $1 AND kind = $2 ORDER BY seq`,
      [subsystem, CASE_KINDS.dispute],
    );
    const { seal } = this.world.keysOf(subsystem);
    const opened = rows.map(async ({ id, value }) => {
      const head = { id, kind: CASE_KINDS.dispute, to: subsystem as SubsystemId };
      const found = await openDelivery(head, value, (_to, kid) => (kid === seal.kid ? seal : undefined));
      return found.ok && readDispute(found.value)?.isOn === true;
    });
    return Promise.all(opened);
  }

  /** Requests that wait for that subsystem to take them. */
  async requestsFor(subsystem: string): Promise<string[]> {
    const rows = await this.feedback.query<{ id: string }>(
      `SELECT id FROM delivery WHERE recipient = $1 AND kind = $2 AND state = 'waiting' ORDER BY seq`,
      [subsystem, CASE_KINDS.request],
    );
    return rows.map(({ id }) => id);
  }

  /** Whatever waits stands in the log from now on. */
  async log(): Promise<void> {
    await this.feedback.query(
      `UPDATE own_statement SET log_id = 1, idx = at.n FROM (
         SELECT leaf_hash, (SELECT count(*) FROM own_statement WHERE idx IS NOT NULL) + row_number() OVER () AS n
           FROM own_statement WHERE idx IS NULL) AS at WHERE own_statement.leaf_hash = at.leaf_hash`,
    );
  }

  /** Time goes on: the log takes what there is and feedback does what is its own, until both have nothing to do. */
  async settle(): Promise<void> {
    for (let passes = 0; passes < 20; passes += 1) {
      await this.log();
      const { work, failures } = this.process();
      await work.pass();
      if (failures.length > 0) throw failures[0];
      const [row] = await this.feedback.query<{ n: string }>(
        `SELECT count(*) AS n FROM correction_case WHERE pending IS NOT NULL OR work_ms <= $1`,
        [this.nowMs],
      );
      if (Number(row?.n) === 0) return;
    }
    throw new TypeError('never done');
  }

  /** The owner acts, by its own signature. */
  async acts(id: string, ...acts: readonly OwnerAct[]): Promise<void> {
    for (const act of acts) {
      await this.proposes(id, act);
      await this.settle();
    }
  }

  /** The owner acts, and the log has not got it yet. */
  async proposes(id: string, act: OwnerAct): Promise<void> {
    const { owners } = this.process();
    const proposed = await owners.act(OWNER, id, act);
    if (!('payload' in proposed)) throw new TypeError('nothing proposed');
    const { jws } = await this.signedAs(OWNER, proposed.payload);
    await owners.act(OWNER, id, act, { statement: jws });
  }

  /** The portal's gateway has seen the old value again. */
  async oldValueSeen(id: string): Promise<void> {
    const { cases } = this.process();
    const by = { role: 'portal', subsystem: PORTAL, mayAct: false } as const;
    const doc = `h1:${toBase64Url(randomBytes(32))}`;
    const seen = () => ({ type: 'verify', by, isMatch: false, doc }) as const;
    const proposed = await cases.step(id, seen);
    if (!('payload' in proposed)) throw new TypeError('nothing proposed');
    await cases.step(id, seen, { statement: (await this.signedAs(PORTAL, proposed.payload)).jws });
  }

  async kept(id: string): Promise<KeptCase> {
    return (await this.process().store.find(id)) as KeptCase;
  }

  steps(id: string): Promise<CaseStep[]> {
    return this.process().store.steps(id);
  }

  signedAs(subsystem: SubsystemId, payload: StatementPayload): Promise<Statement> {
    return signStatement(payload, jwkSigner(this.world.keysOf(subsystem).sign));
  }
}
