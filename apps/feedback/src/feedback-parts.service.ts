import { join } from 'node:path';
import { kindOfPerson } from '#end-user';
import type { Clock, InstanceId, SubsystemId } from '#kernel';
import { LogFiles, type LogWatcher, logKeys, watchLog } from '#log-watch';
import { keyFileName, loadKeySet } from '#platform';
import type { Database } from '#postgres';
import { RegistryCopy, RegistryMemory } from '#registry-copy';
import { hmacSha256, KeyRing, type Signer, type SigningDevice } from '#signing';
import { AccessHistory } from './access-history/access-history.service.js';
import { AccessHistoryStore } from './access-history/access-history.store.js';
import { Accesses } from './access-history/accesses.service.js';
import { ProvenLeaves } from './access-history/proven-leaves.service.js';
import { CallerAuth } from './caller/caller-auth.service.js';
import { Deliveries } from './deliveries/deliveries.service.js';
import { readTermsProfiles } from '#corrections';
import { ElementLedger } from './corrections/element-ledger.store.js';
import { assembleCorrections, type CorrectionParts } from './corrections/correction-parts.service.js';
import { takeErasures } from './erasure/erasure-parts.service.js';
import type { Erasure } from './erasure/erasure.service.js';
import type { ErasureWorker } from './erasure/erasure.worker.js';
import { Completeness } from './completeness/completeness.service.js';
import { CompletenessStore } from './completeness/completeness.store.js';
import type { Compromises } from './compromise/compromises.service.js';
import { assembleConcealment, type ConcealmentParts } from './concealment/concealment-parts.service.js';
import type { FeedbackConfig } from './feedback.config.js';
import type { Databases, FeedbackContext } from './feedback-databases.service.js';
import { PersonKeys } from './key-store/person-keys.store.js';
import type { Links } from './links/links.service.js';
import { FollowedLogStore } from './log-follower/followed-log.store.js';
import { LogFollower } from './log-follower/log-follower.worker.js';
import type { OpeningKeys } from './opening-keys/opening-keys.worker.js';
import type { KindOfPerson } from './openings/judge-opening.js';
import type { MatchWorker } from './openings/opening-match.worker.js';
import { takeOpenings } from './openings/opening-parts.service.js';
import type { OpeningConsumer } from './openings/opening.consumer.js';
import { UnopenedStore } from './openings/unopened.store.js';
import { UnopenedWorker } from './openings/unopened.worker.js';
import { WithheldStore } from './openings/withheld.store.js';
import { WithheldWorker } from './openings/withheld.worker.js';
import { assembleNotifications, readWays, type NotificationParts } from './notifications/notification-parts.service.js';
import { Usages } from './usage/usage.service.js';
import { assembleQuestions, type QuestionParts } from './questions/question-parts.service.js';
import type { RetentionWorker } from './retention/retention.worker.js';
import { assemblePersonStatements } from './person-statements.service.js';
import { OwnStatements } from './statements/own-statements.service.js';

/** What lives as long as the process, each part told of those that it needs. */
export interface FeedbackParts {
  readonly copy: RegistryCopy;
  readonly ledger: ElementLedger;
  readonly watcher: LogWatcher;
  readonly files: LogFiles;
  readonly keys: PersonKeys;
  readonly openingKeys: OpeningKeys;
  readonly consumer: OpeningConsumer;
  readonly matcher: MatchWorker;
  readonly follower: LogFollower;
  readonly unopened: UnopenedWorker;
  readonly withheld: WithheldWorker;
  readonly statements: OwnStatements;
  readonly erasure: Erasure;
  readonly eraser: ErasureWorker;
  readonly retention: RetentionWorker;
  readonly accesses: Accesses;
  readonly usages: Usages;
  readonly questions: QuestionParts;
  readonly corrections: CorrectionParts;
  readonly notifications: NotificationParts;
  readonly completeness: Completeness;
  readonly callers: CallerAuth;
  /** Whoever owes a subsystem something adds to its outbox, and wakes it. */
  readonly deliveries: Deliveries;
  readonly concealment: ConcealmentParts;
  readonly compromises: Compromises;
  readonly links: Links;
}

export async function assemble(context: FeedbackContext, databases: Databases): Promise<FeedbackParts> {
  const { config, clock, events } = context;
  const ring = await loadKeys(config, context.tokens.device);
  context.tokens.watch();
  const kek = ring.secret(config.instanceId);
  const terms = await readTermsProfiles(config.termsDir, [config.termsProfile, ...config.termsProfiles]);
  const ways = await readWays(config);
  const ledger = elementLedger(context, databases);
  const copy = await startCopy(context, ledger);
  const watcher = await watched(context).catch(async (cause: unknown) => {
    await copy.stop();
    throw cause;
  });
  const keys = new PersonKeys(databases.keys, kek);
  const signer = () => publishedSigner(copy, ring, config.instanceId as InstanceId);
  const statements = ownStatements(context, { databases, signer, sent: () => follower.wake() });
  const concealment = assembleConcealment(context, { databases, copy, statements });
  const isFollowed = () => follower.isCaughtUp();
  const caughtUpAtMs = () => follower.caughtUpAtMs;
  const openings = takeOpenings(context, {
    ...{ databases, keys, kek, signer, claims: concealment.claims, people: peopleOf(copy) },
    caughtUpAtMs,
    isCaughtUp: isFollowed,
  });
  const erasures = takeErasures(context, { databases, keys, statements, isFollowed });
  const files = new LogFiles(config.auditTimeoutMs, config.auditToken.reveal());
  const { matcher } = openings;
  const follower: LogFollower = followLog(context, {
    ...{ files, copy, watcher, matcher, database: databases.feedback },
    advanced: () => corrections.work.wake(),
    isAwaited: () => statements.isAwaited(),
  });
  const unopened = unopenedWorker(context, databases);
  const withheld = withheldWorker(context, databases, openings.consumer);
  const deliveries = new Deliveries({ ...context, copy, database: databases.feedback, keepMs: config.deliveryKeepMs });
  const persons = assemblePersonStatements({
    ...{ config, clock, events, keys, statements, copy, signer, deliveries, database: databases.feedback },
  });
  const history = new AccessHistory(new AccessHistoryStore(databases.feedback), keys, clock, persons.compromises);
  const shared = { config, clock, events, keys, statements, deliveries, database: databases.feedback, registry: copy };
  const questions = assembleQuestions({ ...shared, history });
  const notifications = assembleNotifications({ ...shared, signer, ways });
  const proofs = new ProvenLeaves(files, config.auditUrl);
  const corrections = assembleCorrections({ ...shared, ledger, kek, terms, proofs, notifications, caughtUpAtMs });
  const accesses = new Accesses({
    history,
    proofs,
    questions: questions.rows,
    registry: copy,
    cursorKey: hmacSha256(kek, Buffer.from('kerege/access-cursor-key/v1')),
    logger: context.logger.child('accesses'),
  });
  const usages = new Usages({ history, keys, registry: copy, clock });
  const completeness = new Completeness({ store: new CompletenessStore(databases.feedback), keys, clock });
  const callers = callerAuth(config, copy, clock);
  const asked = { accesses, usages, questions, corrections, completeness, concealment, ...persons, callers };
  const workers = { ...openings, ...erasures, follower, unopened, withheld, statements, deliveries, notifications };
  return { copy, ledger, watcher, files, keys, ...asked, ...workers };
}

interface OwnStatementsWiring {
  readonly databases: Databases;
  readonly signer: () => Signer | undefined;
  readonly sent: () => void;
}

function ownStatements(
  { bus, clock, events }: FeedbackContext,
  { databases, signer, sent }: OwnStatementsWiring,
): OwnStatements {
  return new OwnStatements({
    ...{ database: databases.feedback, bus, clock, signer, sent },
    givenUp: (lost) => events.alarm('statements-given-up', { statements: lost }),
    failed: (cause) => events.failed('statements', cause),
  });
}

function unopenedWorker({ config, bus, clock, events }: FeedbackContext, databases: Databases): UnopenedWorker {
  return new UnopenedWorker({
    ...{ bus, clock, store: new UnopenedStore(databases.feedback), alarm: events.unopened },
    ...{ intervalMs: config.unopenedIntervalMs, afterMs: config.unopenedAfterMs },
    failed: (cause) => events.failed('unopened', cause),
  });
}

function withheldWorker(
  { config, bus, clock, events }: FeedbackContext,
  databases: Databases,
  consumer: OpeningConsumer,
): WithheldWorker {
  return new WithheldWorker({
    takenUntilMs: () => consumer.takenUntilMs(),
    ...{ bus, clock, store: new WithheldStore(databases.feedback), alarm: events.withheld },
    ...{ intervalMs: config.unopenedIntervalMs, afterMs: config.unopenedAfterMs },
    failed: (cause) => events.failed('withheld', cause),
  });
}

function callerAuth(config: FeedbackConfig, registry: RegistryCopy, clock: Clock): CallerAuth {
  return new CallerAuth({
    ...{ registry, clock, audience: config.publicUrl, portals: config.portals, auditors: config.auditors },
    usageToken: config.usageToken,
  });
}

export function startParts(parts: FeedbackParts): void {
  const { openingKeys, consumer, matcher, follower, unopened, withheld, statements, eraser, retention } = parts;
  const { questions, corrections, notifications, deliveries, concealment } = parts;
  openingKeys.start();
  consumer.start();
  follower.start();
  matcher.start();
  unopened.start();
  withheld.start();
  statements.start();
  deliveries.start();
  questions.overdue.start();
  corrections.work.start();
  notifications.worker.start();
  eraser.start();
  retention.start();
  concealment.release.start();
}

/** Takes nothing new in, ends what is under way, then lets go of everything. */
export async function stopParts(parts: FeedbackParts): Promise<void> {
  const { consumer, follower, unopened, withheld, openingKeys, statements, eraser, retention } = parts;
  const { questions, concealment } = parts;
  const intake = [consumer, follower, unopened, withheld, openingKeys, statements, eraser, retention];
  await Promise.all(
    [...intake, questions.overdue, parts.corrections.work, concealment.release].map((part) => part.stop()),
  );
  await Promise.all([parts.matcher.stop(), parts.deliveries.stop(), parts.notifications.close()]);
  await Promise.all([parts.copy.stop(), parts.watcher.stop(), parts.files.close()]);
  await parts.ledger.idle();
}

/** Of what kind people are, by the newest snapshot; none: there is none yet. */
function peopleOf(copy: RegistryCopy): () => KindOfPerson | undefined {
  return () => {
    const issuers = copy.current()?.issuers;
    return issuers && ((person) => kindOfPerson(issuers, person));
  };
}

interface Following {
  readonly files: LogFiles;
  readonly copy: RegistryCopy;
  readonly watcher: LogWatcher;
  readonly matcher: MatchWorker;
  readonly database: Database;
  /** Leaves were taken in. */
  readonly advanced: () => void;
  /** Feedback waits for a leaf of its own. */
  readonly isAwaited: () => boolean;
}

function followLog({ config, trust, clock, events }: FeedbackContext, following: Following): LogFollower {
  const { files, copy, watcher, matcher, database, isAwaited } = following;
  return new LogFollower({
    ...{ files, clock, auditUrl: config.auditUrl, keys: logKeys(trust), intervalMs: config.followIntervalMs },
    isAwaited,
    store: new FollowedLogStore(database, config.unopenedAfterMs, events.disowned),
    keyOwner: () => {
      const view = copy.current();
      return view && ((subsystem, kid) => view.keyOf(subsystem as SubsystemId, kid) !== undefined);
    },
    believes: (checkpoint, note) => {
      watcher.seen(checkpoint, note);
      return !watcher.distrusts();
    },
    advanced: (leaves) => {
      events.advanced(leaves);
      matcher.wake();
      following.advanced();
    },
    alarm: (trouble, origin) => events.alarm(`log-${trouble}`, { log: origin }),
    failed: (cause) => events.failed('log', cause),
  });
}

function elementLedger({ logger, events }: FeedbackContext, { feedback }: Databases): ElementLedger {
  return new ElementLedger({
    database: feedback,
    unseen: (after, before) =>
      logger.info({ after, before }, 'snapshots between these were not seen; answers under them go by the first'),
    failed: (cause) => events.failed('element-ledger', cause),
  });
}

function startCopy(
  { config, bus, clock, logger, events, trust }: FeedbackContext,
  ledger: ElementLedger,
): Promise<RegistryCopy> {
  return RegistryCopy.start({
    bus,
    clock,
    registryKeys: trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
    logs: logKeys(trust),
    memory: new RegistryMemory(config.logNotesDir, (cause) => events.failed('registry-memory', cause)),
    instanceId: config.instanceId,
    events: {
      adopted: (view) => {
        logger.info({ snapshot: view.number }, 'registry snapshot adopted');
        ledger.note(view);
      },
      alarm: (reason, details) => events.alarm('registry', { said: reason, ...details }),
    },
  });
}

function watched(context: FeedbackContext): Promise<LogWatcher> {
  const { events } = context;
  return watchLog({
    ...context,
    alarm: (trouble, details) => events.alarm('log-distrusted', { trouble, ...details }),
    failed: (what, cause) => events.failed(what, cause),
  });
}

async function loadKeys({ keysDir, instanceId }: FeedbackConfig, device: SigningDevice | undefined): Promise<KeyRing> {
  return KeyRing.parse([[instanceId, await loadKeySet(join(keysDir, keyFileName(instanceId)))]], device);
}

/** Signs with the key that the snapshot publishes; undefined while it publishes none of ours. */
function publishedSigner(copy: RegistryCopy, ring: KeyRing, instance: InstanceId): Signer | undefined {
  const published = new Set(
    copy
      .current()
      ?.keysOf(instance)
      .map(({ kid }) => kid),
  );
  const isOurs = ring.publicKeys(instance).some(({ kid }) => published.has(kid));
  return isOurs ? ring.signer(instance, published) : undefined;
}
