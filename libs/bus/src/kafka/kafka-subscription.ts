import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { AppError } from '#kernel';
import type { BatchSubscription, EachSubscription, Subscription, SubscriptionState } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import { Dispatcher } from '../delivery/dispatcher.js';
import type { PartitionLane } from '../delivery/partition-lane.js';
import type { BusLogger } from '../logger.js';
import { GroupSession, type SessionSettings } from './group-session.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { LaneSet } from './lane-set.js';
import { epochMs, steadyMs } from './steady-time.js';
import { withTimeout } from './with-timeout.js';

export interface SubscriptionSettings extends Omit<SessionSettings, 'groupId'> {
  /** A subscription that has not fetched for so long is given a new consumer: consumers can stop silently. */
  readonly watchdogMs: number;
  readonly commitIntervalMs: number;
  /** What `subscribe` waits for the group and the first fetch at most. */
  readonly startTimeoutMs: number;
  /** What `stop` waits for handlers at most. */
  readonly drainTimeoutMs: number;
}

/** What a subscription borrows from its bus. */
export interface SubscriptionParts {
  readonly kafka: Kafka;
  readonly admin: KafkaAdmin;
  readonly settings: SubscriptionSettings;
  readonly logger: BusLogger;
  readonly onStopped: (subscription: KafkaSubscription) => void;
}

const WATCH_INTERVAL_MS = 500;
/** Fetches take a quarter of a second. */
const QUIET_MS = 2_000;
const PING_TIMEOUT_MS = 1_000;
const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 1_000;

/**
 * A subscription that outlives its consumers: it holds lanes and handlers, and one `GroupSession` after another does the
 * fetching. A session that crashed or fell silent is replaced, never repaired.
 */
export class KafkaSubscription implements Subscription {
  private readonly settings: SubscriptionSettings;
  private readonly logger: BusLogger;
  private readonly dispatcher: Dispatcher;
  private readonly lanes: LaneSet;
  /** The consumer at work; replaced by `run`. */
  private session: GroupSession | undefined;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  /** Both written by `run`; the moment is of the steady clock. */
  private replaced = 0;
  private replacedMs: number | undefined;

  constructor(
    private readonly parts: SubscriptionParts,
    private readonly options: EachSubscription | BatchSubscription,
  ) {
    this.settings = parts.settings;
    this.logger = parts.logger;
    this.dispatcher = new Dispatcher(options, (lane) => this.giveRoom(lane));
    this.lanes = new LaneSet(this.dispatcher, options);
  }

  async start(): Promise<this> {
    const ready = Promise.withResolvers<undefined>();
    try {
      for (const topic of this.options.topics) {
        if ((await this.parts.admin.partitionsOf(topic)) === undefined) {
          throw busErrors.error('bus-topic-unknown', { details: { topic } });
        }
      }
      this.running = this.run(() => ready.resolve(undefined));
      await withTimeout(ready.promise, this.settings.startTimeoutMs, () => {
        throw busErrors.error('bus-unavailable', { details: { reason: 'no first fetch', group: this.options.group } });
      });
    } catch (cause) {
      await this.stop();
      throw cause;
    }
    return this;
  }

  lastFetchAtMs(): number {
    const last = this.session?.lastFetchMs;
    return last === undefined ? 0 : epochMs(last);
  }

  lastAnswerAtMs(): number {
    const last = this.session?.lastAnswerMs;
    return last === undefined ? 0 : epochMs(last);
  }

  isAssigned(): boolean {
    return this.session?.isAssigned() ?? false;
  }

  state(): SubscriptionState {
    const partitions = [...this.lanes.all()].map((lane) => ({
      topic: lane.topic,
      partition: lane.partition,
      position: lane.nextOffset,
      unsettled: lane.unsettled,
    }));
    const { replaced, replacedMs } = this;
    const replacedAtMs = replacedMs === undefined ? undefined : epochMs(replacedMs);
    const { topics } = this.options;
    const isAssigned = this.isAssigned();
    return { topics, isAssigned, lastFetchAtMs: this.lastFetchAtMs(), replaced, replacedAtMs, partitions };
  }

  stop(): Promise<void> {
    this.stopped ??= this.leave();
    return this.stopped;
  }

  /** Handlers end, what is settled is committed, then the group is left: the next owner starts where we stopped. */
  private async leave(): Promise<void> {
    if (!(await this.dispatcher.stop(this.settings.drainTimeoutMs))) {
      this.logger.warn({ group: this.options.group }, 'handlers did not end in time; their records come again');
    }
    await this.session?.commit();
    this.stopping.abort();
    await this.session?.close();
    await this.running;
    this.parts.onStopped(this);
  }

  /** Resolves only after `stop`. Nothing escapes: whatever ends a session, the next one is tried. */
  private async run(onReady: () => void): Promise<void> {
    let pauseMs = RESTART_FIRST_MS;
    while (!this.isStopping()) {
      const session = this.newSession();
      this.session = session;
      try {
        await session.open();
        if (await this.becomesReady(session)) {
          pauseMs = RESTART_FIRST_MS;
          onReady();
          await this.watch(session);
        }
      } catch (cause) {
        if (!this.isStopping()) this.logger.warn({ ...describe(cause), group: this.options.group }, 'consumer failed');
      }
      await session.close();
      if (this.isStopping()) return;
      this.replaced += 1;
      this.replacedMs = steadyMs();
      this.logger.warn({ group: this.options.group }, 'consumer is replaced');
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, RESTART_MAX_MS);
    }
  }

  /** A join whose answer was lost is not waited for longer than a fetch. */
  private async becomesReady(session: GroupSession): Promise<boolean> {
    const ready = Promise.race([session.ready.then(() => true), session.ended.then(() => false)]);
    return withTimeout(ready, this.settings.watchdogMs, () => false);
  }

  /** Commits at intervals and watches the time of the last fetch; returns when the session is of no use any more. */
  private async watch(session: GroupSession): Promise<void> {
    const intervalMs = Math.min(WATCH_INTERVAL_MS, this.settings.commitIntervalMs);
    const timer = new AbortController();
    const gone = session.ended.then(() => timer.abort());
    const signal = AbortSignal.any([this.stopping.signal, timer.signal]);
    let lastCommitMs = steadyMs();
    let lastAwayMs = -Infinity;
    while (!session.hasEnded() && !this.isStopping()) {
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
      if (steadyMs() - lastCommitMs >= this.settings.commitIntervalMs) {
        lastCommitMs = steadyMs();
        await session.commit();
      }
      if (steadyMs() - session.lastFetchMs > QUIET_MS && !(await this.parts.admin.ping(PING_TIMEOUT_MS)))
        lastAwayMs = steadyMs();
      // A consumer whose broker is away is not silent: it comes back with it, and is still a member of its group.
      if (steadyMs() - Math.max(session.lastFetchMs, lastAwayMs) > this.settings.watchdogMs) {
        this.logger.warn({ group: this.options.group }, 'no fetch for too long');
        return;
      }
    }
    await gone.catch(() => undefined);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private newSession(): GroupSession {
    const { kafka, admin, settings, logger } = this.parts;
    const { lanes, dispatcher } = this;
    return new GroupSession(kafka, { admin, lanes, dispatcher, logger }, this.options, this.groupSettings(settings));
  }

  /** In a group of ours alone the next consumer would wait for the last one, which nobody else is there to miss. */
  private groupSettings(settings: SubscriptionSettings) {
    const { group, startAt } = this.options;
    const isShared = startAt.kind === 'committed';
    return { ...settings, groupId: isShared || this.replaced === 0 ? group : `${group}.${this.replaced}` };
  }

  private giveRoom(lane: PartitionLane): void {
    if (lane.paused) this.session?.resume(lane);
  }
}

function describe(cause: unknown): Record<string, unknown> {
  if (cause instanceof AppError) return { code: cause.code, ...cause.details };
  return { error: cause instanceof Error ? cause.name : 'unknown' };
}
