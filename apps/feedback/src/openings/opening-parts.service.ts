import { randomUUID } from 'node:crypto';
import type { InstanceId } from '#kernel';
import { OpeningSessions, signOpeningKey } from '#openings';
import { publicJwk, type Signer } from '#signing';
import type { ConcealmentClaims } from '../concealment/claims.service.js';
import type { Databases, FeedbackContext } from '../feedback-databases.service.js';
import { DoomedKeys } from '../key-store/doomed-keys.store.js';
import { ErasureMarks } from '../key-store/erasure-marks.store.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { OpeningKeyStore } from '../opening-keys/opening-key.store.js';
import { OpeningKeys } from '../opening-keys/opening-keys.worker.js';
import { ErasedOpenings } from './erased-openings.service.js';
import { InboxStore } from './inbox.store.js';
import type { KindOfPerson } from './judge-opening.js';
import { OpeningMatch } from './opening-match.service.js';
import { MatchWorker } from './opening-match.worker.js';
import { OpeningConsumer } from './opening.consumer.js';

export interface OpeningSources {
  readonly databases: Databases;
  readonly keys: PersonKeys;
  /** Under which the keys of openings are kept. */
  readonly kek: Buffer;
  readonly signer: () => Signer | undefined;
  /** Of which kind a person is, as the registry has it now; undefined: no snapshot yet. */
  readonly people: () => KindOfPerson | undefined;
  /** Until when everything that stood in the logs was taken in. */
  readonly caughtUpAtMs: () => number;
  readonly isCaughtUp: () => boolean;
  readonly claims: ConcealmentClaims;
}

/** What takes openings off their topic and turns them into rows of the index. */
export function takeOpenings(
  { config, bus, clock, events }: FeedbackContext,
  { databases, keys, kek, signer, claims, people, caughtUpAtMs, isCaughtUp }: OpeningSources,
): { readonly openingKeys: OpeningKeys; readonly consumer: OpeningConsumer; readonly matcher: MatchWorker } {
  const instance = config.instanceId as InstanceId;
  const inbox = new InboxStore(databases.feedback);
  const openingKeys: OpeningKeys = new OpeningKeys({
    ...{ bus, clock, inbox, instanceId: instance, rotateMs: config.rotateMs, signer },
    store: new OpeningKeyStore(databases.keys, kek),
    sign: (signer, jwk, fromMs, untilMs) =>
      signOpeningKey({ instance, kid: jwk.kid, jwk: publicJwk(jwk), fromMs, untilMs }, signer),
    destroyed: (kid) => {
      sessions.forget(kid);
      events.keyDestroyed(kid);
    },
    failed: (cause) => events.failed('opening-keys', cause),
  });
  const sessions = new OpeningSessions(instance, (kid) => openingKeys.privateKey(kid));
  const match = new OpeningMatch({
    ...{ database: databases.feedback, inbox, keys, bus, sessions, claims, people, isCaughtUp },
    erased: new ErasedOpenings(new DoomedKeys(databases.keys), new ErasureMarks(databases.keys)),
  });
  const matcher = new MatchWorker({
    ...{ match, clock, keepMs: config.openingKeepMs, matched: events.matched, flawed: events.flawed },
    failed: (cause) => events.failed('index', cause),
  });
  const consumer = new OpeningConsumer({
    ...{ bus, inbox, clock, maxWaiting: config.maxWaitingOpenings },
    processId: `${config.instanceId.replaceAll('/', '.')}.${randomUUID()}`,
    // It wakes no lane: usually the leaf of these is still to come, and the follower wakes them with it. What came behind
    // its leaf waits for the next round of an idle lane, half a second at most.
    arrived: events.arrived,
    // As long after a leaf was to be read as its openings may be late.
    letGo: (limit) => matcher.letGo(Math.min(clock.now(), caughtUpAtMs()) - config.unopenedAfterMs, limit),
    topicBroken: events.topicBroken,
    flawed: (flaw, openings) => events.flawed({ flaw, consumer: undefined, exchangeId: undefined }, openings),
    failed: (cause) => events.failed('openings', cause),
  });
  return { openingKeys, consumer, matcher };
}
