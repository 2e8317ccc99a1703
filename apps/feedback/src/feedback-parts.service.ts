import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Bus } from '#bus';
import { kindOfPerson } from '#end-user';
import { type Clock, type InstanceId, type SubsystemId } from '#kernel';
import { LogFiles, type LogWatcher, logKeys, watchLog } from '#log-watch';
import { OpeningSessions, signOpeningKey } from '#openings';
import { keyFileName, loadKeySet, type Logger, type Trust } from '#platform';
import { accessBy, openDatabase, type Database } from '#postgres';
import { RegistryCopy } from '#registry-copy';
import { hmacSha256, KeyRing, publicJwk, type Signer } from '#signing';
import { AccessHistory } from './access-history/access-history.service.js';
import { AccessHistoryStore } from './access-history/access-history.store.js';
import { Accesses } from './access-history/accesses.service.js';
import { ProvenLeaves } from './access-history/proven-leaves.service.js';
import { CallerAuth } from './caller/caller-auth.service.js';
import type { FeedbackConfig } from './feedback.config.js';
import { keyAccess } from './key-store/migrations/access.js';
import { keyMigrations } from './key-store/migrations/index.js';
import { PersonKeys } from './key-store/person-keys.store.js';
import { FollowedLogStore } from './log-follower/followed-log.store.js';
import { LogFollower } from './log-follower/log-follower.worker.js';
import { access } from './migrations/access.js';
import { migrations } from './migrations/index.js';
import { OpeningKeyStore } from './opening-keys/opening-key.store.js';
import { OpeningKeys } from './opening-keys/opening-keys.worker.js';
import { InboxStore } from './openings/inbox.store.js';
import type { KindOfPerson } from './openings/judge-opening.js';
import { OpeningMatch } from './openings/opening-match.service.js';
import { MatchWorker } from './openings/opening-match.worker.js';
import { OpeningConsumer } from './openings/opening.consumer.js';
import { UnopenedStore } from './openings/unopened.store.js';
import { UnopenedWorker } from './openings/unopened.worker.js';
import type { FeedbackEvents } from './ops/feedback-metrics.service.js';

export interface FeedbackContext {
  readonly config: FeedbackConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: FeedbackEvents;
  readonly trust: Trust;
}

export interface Databases {
  readonly feedback: Database;
  readonly keys: Database;
}

export async function openDatabases({
  config,
  logger,
}: Pick<FeedbackContext, 'config' | 'logger'>): Promise<Databases> {
  const onIdleError = (cause: unknown) => logger.warn({ err: cause }, 'idle database connection broke');
  const feedback = await openDatabase({
    url: config.databaseUrl,
    schema: 'feedback',
    migrations,
    access: accessBy(access, config, logger),
    poolSize: config.databasePoolSize,
    onIdleError,
  });
  try {
    const keys = await openDatabase({
      url: config.keysDatabaseUrl,
      schema: 'feedback_keys',
      migrations: keyMigrations,
      access: accessBy(
        keyAccess,
        { ...config, databaseOwnerUrl: config.keysDatabaseOwnerUrl, databaseReaderRole: '' },
        logger,
      ),
      poolSize: config.keysDatabasePoolSize,
      onIdleError,
    });
    return { feedback, keys };
  } catch (cause) {
    await feedback.close();
    throw cause;
  }
}

/** What lives as long as the process, each part told of those that it needs. */
export interface FeedbackParts {
  readonly copy: RegistryCopy;
  readonly watcher: LogWatcher;
  readonly files: LogFiles;
  readonly keys: PersonKeys;
  readonly openingKeys: OpeningKeys;
  readonly consumer: OpeningConsumer;
  readonly matcher: MatchWorker;
  readonly follower: LogFollower;
  readonly unopened: UnopenedWorker;
  readonly accesses: Accesses;
  readonly callers: CallerAuth;
}

export async function assemble(context: FeedbackContext, databases: Databases): Promise<FeedbackParts> {
  const { config, bus, clock, events } = context;
  const ring = await loadKeys(config);
  const kek = ring.secret(config.instanceId);
  const copy = await startCopy(context);
  const watcher = await watched(context).catch(async (cause: unknown) => {
    await copy.stop();
    throw cause;
  });
  const keys = new PersonKeys(databases.keys, kek);
  const inbox = new InboxStore(databases.feedback);
  const instance = config.instanceId as InstanceId;
  const openingKeys: OpeningKeys = new OpeningKeys({
    ...{ bus, clock, inbox, instanceId: instance, rotateMs: config.rotateMs },
    store: new OpeningKeyStore(databases.keys, kek),
    signer: () => publishedSigner(copy, ring, instance),
    sign: (signer, jwk, fromMs, untilMs) =>
      signOpeningKey({ instance, kid: jwk.kid, jwk: publicJwk(jwk), fromMs, untilMs }, signer),
    destroyed: (kid) => {
      sessions.forget(kid);
      events.keyDestroyed(kid);
    },
    failed: (cause) => events.failed('opening-keys', cause),
  });
  const sessions = new OpeningSessions(instance, (kid) => openingKeys.privateKey(kid));
  const match = new OpeningMatch({ database: databases.feedback, inbox, keys, bus, sessions, people: peopleOf(copy) });
  const matcher = new MatchWorker({
    ...{ match, clock, keepMs: config.openingKeepMs, matched: events.matched, flawed: events.flawed },
    failed: (cause) => events.failed('index', cause),
  });
  const consumer = new OpeningConsumer({
    ...{ bus, inbox, clock, maxWaiting: config.maxWaitingOpenings },
    processId: `${config.instanceId.replaceAll('/', '.')}.${randomUUID()}`,
    arrived: (openings) => {
      events.arrived(openings);
      matcher.wake();
    },
    // As long after a leaf was to be read as its openings may be late.
    letGo: (limit) => matcher.letGo(Math.min(clock.now(), follower.caughtUpAtMs) - config.unopenedAfterMs, limit),
    flawed: (flaw, openings) => events.flawed({ flaw, consumer: undefined, exchangeId: undefined }, openings),
    topicBroken: events.topicBroken,
    failed: (cause) => events.failed('openings', cause),
  });
  const files = new LogFiles(config.auditTimeoutMs, config.auditToken);
  const follower: LogFollower = followLog(context, { files, copy, watcher, matcher, database: databases.feedback });
  const unopened = new UnopenedWorker({
    ...{ bus, clock, store: new UnopenedStore(databases.feedback), alarm: events.unopened },
    ...{ intervalMs: config.unopenedIntervalMs, afterMs: config.unopenedAfterMs },
    failed: (cause) => events.failed('unopened', cause),
  });
  const history = new AccessHistory(new AccessHistoryStore(databases.feedback), keys, clock);
  const accesses = new Accesses({
    history,
    proofs: new ProvenLeaves(files, config.auditUrl),
    registry: copy,
    cursorKey: hmacSha256(kek, Buffer.from('kerege/access-cursor-key/v1')),
    logger: context.logger.child('accesses'),
  });
  const callers = new CallerAuth({ registry: copy, clock, audience: config.publicUrl, portals: config.portals });
  return { copy, watcher, files, keys, openingKeys, consumer, matcher, follower, unopened, accesses, callers };
}

export function startParts({ openingKeys, consumer, matcher, follower, unopened }: FeedbackParts): void {
  openingKeys.start();
  consumer.start();
  follower.start();
  matcher.start();
  unopened.start();
}

/** Takes nothing new in, ends what is under way, then lets go of everything. */
export async function stopParts(parts: FeedbackParts): Promise<void> {
  await Promise.all([parts.consumer.stop(), parts.follower.stop(), parts.unopened.stop(), parts.openingKeys.stop()]);
  await parts.matcher.stop();
  await Promise.all([parts.copy.stop(), parts.watcher.stop(), parts.files.close()]);
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
}

function followLog({ config, trust, clock, events }: FeedbackContext, following: Following): LogFollower {
  const { files, copy, watcher, matcher, database } = following;
  return new LogFollower({
    ...{ files, clock, auditUrl: config.auditUrl, keys: logKeys(trust), intervalMs: config.followIntervalMs },
    store: new FollowedLogStore(database, config.unopenedAfterMs),
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
    },
    alarm: (trouble, origin) => events.alarm(`log-${trouble}`, { log: origin }),
    failed: (cause) => events.failed('log', cause),
  });
}

function startCopy({ config, bus, clock, logger, events, trust }: FeedbackContext): Promise<RegistryCopy> {
  return RegistryCopy.start({
    bus,
    clock,
    registryKeys: trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
    instanceId: config.instanceId,
    events: {
      adopted: (view) => logger.info({ snapshot: view.number }, 'registry snapshot adopted'),
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

async function loadKeys({ keysDir, instanceId }: FeedbackConfig): Promise<KeyRing> {
  return KeyRing.parse([[instanceId, await loadKeySet(join(keysDir, keyFileName(instanceId)))]]);
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
