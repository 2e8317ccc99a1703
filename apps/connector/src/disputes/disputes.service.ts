import { setTimeout as pause } from 'node:timers/promises';
import { openDelivery, readDelivery, readDispute } from '#deliveries';
import { subsystemOf, type ServiceId, type SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import type { TypedSubject } from '#signing';
import { elementsOf, type RegistryView } from '#snapshot';
import { documentIn } from './answer-document.js';
import { flagOf, HeldFlags } from './dispute-flag.js';
import { gapReason, type DisputeGap } from './dispute-gaps.js';
import { PAGE, type DisputeStore, type KeptFlag } from './dispute.store.js';
import type { FeedbackWatch } from './feedback-watch.worker.js';
import type { FlagConsumer } from './flag.consumer.js';
import { Resealing, type ResealingParts } from './resealing.service.js';
import { candidates, marksOf, UNMARKED, type DisputeMarks } from './marked-answer.js';

/** Others may keep flags of their `subsystems` in the same database. */
export interface DisputesParts extends ResealingParts {
  readonly store: DisputeStore;
  /** Whoever brings flags into the table. */
  readonly feed: Pick<FlagConsumer, 'isCaughtUp' | 'backlog' | 'silentSince' | 'sizes'>;
  readonly feedback: Pick<FeedbackWatch, 'isServed' | 'heardMs' | 'silentSince' | 'owed' | 'behindSince'>;
  /** How long a flag that is off is remembered; longer than its topic keeps what set it. */
  readonly keepMs: number;
  readonly answered: (what: 'flagged' | 'blocked') => void;
  readonly unreadable: (flag: KeptFlag) => void;
  readonly failed: (what: string, cause: unknown) => void;
}

/** An answer that is about to be stated. */
export interface DisputableAnswer {
  readonly view: RegistryView;
  readonly service: ServiceId;
  readonly provider: SubsystemId;
  readonly endpoint: string;
  readonly purpose: string;
  readonly subjects: readonly TypedSubject[];
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Buffer;
}

/** Another process of the same subsystems may take a flag: it has to hold here within a second. */
const POLL_MS = 300;
const STALE_MS = 5_000;
const TIDY_EVERY_MS = 60 * 60_000;
const MAX_FLAGS = 200_000;
/** A flag that has come stands in the table within the second. */
const LATE_MS = 2_000;
/** What a request waits at most for flags to be known; less where its deadline is near. */
const LONGEST_WAIT_MS = 2_000;

/**
 * The dispute flags of the subsystems that are served here: kept in the database, which all their connectors share, and
 * held in memory, where each answer looks them up. Without broker or database what was known last goes on to hold.
 */
export class Disputes {
  private readonly held = new HeldFlags();
  /** Flags that are on and cannot be opened here, by name. */
  private readonly unopened = new Set<string>();
  private rev = 0n;
  /** Subsystems whose flags are all held that had come, to the table or its topic, when we began; never taken back. */
  private readonly known = new Set<SubsystemId>();
  /** Told when `known` grows. */
  private knowing = Promise.withResolvers<undefined>();
  /** When the table was last seen to its end. */
  private readAtMs: number | undefined;
  private tidiedAtMs = 0;
  private readonly resealing: Resealing;
  private waiting = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly parts: DisputesParts) {
    this.resealing = new Resealing(parts, parts.store);
  }

  /** Resolves after the first reading, or when that has failed: it is tried again then. */
  async start(): Promise<void> {
    await this.refresh();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.waiting.abort();
    await this.running;
  }

  get sizes() {
    return { held: this.held.size, unopened: this.unopened.size, waiting: this.parts.feed.sizes.waiting };
  }

  get hasRoom(): boolean {
    return this.held.size < MAX_FLAGS;
  }

  /** Something has been taken here, and stands in the table. */
  wake(): void {
    this.waiting.abort();
  }

  /**
   * False: what lay unread when we began is not read, also not after a moment. An answer of the endpoint might need one of
   * these flags, and must not go out, however long that lasts.
   */
  async isKnownFor(view: RegistryView, service: ServiceId, endpoint: string, leftMs: number): Promise<boolean> {
    const subsystem = subsystemOf(service);
    if (this.known.has(subsystem) || elementsOf(view, service, endpoint).length === 0) return true;
    const timer = new AbortController();
    const late = pause(Math.max(0, Math.min(LONGEST_WAIT_MS, leftMs / 2)), 'late', { signal: timer.signal });
    late.catch(() => undefined);
    while (!this.known.has(subsystem)) if ((await Promise.race([late, this.knowing.promise])) === 'late') break;
    timer.abort();
    return this.known.has(subsystem);
  }

  /** For `/ready`: what is not known yet. */
  missing(): string | undefined {
    const { subsystems, feed } = this.parts;
    const unknown = subsystems.filter((subsystem) => !this.known.has(subsystem));
    if (unknown.length === 0) return undefined;
    const backlog = unknown.reduce((sum, subsystem) => sum + feed.backlog(subsystem), 0);
    return `dispute flags of ${unknown.join(', ')} are not known yet, ${backlog} records are unread`;
  }

  /** Where nobody's data are disputed this is one look at a map for each subject. */
  async marks(answer: DisputableAnswer): Promise<DisputeMarks> {
    if (this.held.size === 0 || answer.status < 200 || answer.status > 299) return UNMARKED;
    const flags = this.held.about(answer.provider, answer.subjects);
    if (flags.length === 0) return UNMARKED;
    const places = elementsOf(answer.view, answer.service, answer.endpoint);
    const possible = candidates(flags, places);
    if (possible.length === 0) return UNMARKED;
    const document = await documentIn(answer);
    // A part of a document, or one packed as nobody here unpacks it, may hold the datum: better marked than passed.
    const isUnread = document === undefined && answer.body.length > 0;
    const marks = marksOf(possible, places, { document, isUnread, purpose: answer.purpose });
    if (marks.isBlocked) this.parts.answered('blocked');
    else if (marks.headers.length > 0) this.parts.answered('flagged');
    return marks;
  }

  /** For `/status`. */
  reading(): Reading {
    const { feed, feedback } = this.parts;
    const details = {
      ...{ flags: this.held.size, unopened: this.unopened.size, waiting: feed.sizes.waiting },
      feedbackHeardAt: feedback.isServed
        ? instant(feedback.heardMs)
        : 'not asked: KEREGE_CONNECTOR_FEEDBACK_URL is empty',
      waitingAtFeedback: feedback.owed().waiting,
    };
    const missing = this.missing();
    if (missing !== undefined)
      return { state: 'down', reason: `${missing}: answers that may need one are refused`, details };
    const unopened = 'some dispute flags cannot be opened: their key is not held here';
    const reasons = [gapReason(this.gaps()), this.unopened.size === 0 ? undefined : unopened];
    const told = reasons.filter((reason) => reason !== undefined);
    return told.length === 0 ? { state: 'ok', details } : { state: 'degraded', reason: told.join('; '), details };
  }

  /** Where flags may be that are not held here. */
  gaps(): DisputeGap[] {
    const { clock, feed, feedback } = this.parts;
    const nowMs = clock.now();
    const ifOlder = (sinceMs: number | undefined, ms: number) =>
      sinceMs !== undefined && nowMs - sinceMs > ms ? sinceMs : undefined;
    const places = [
      ['table', ifOlder(this.readAtMs, STALE_MS)],
      ['broker', feed.silentSince()],
      ['arrived', ifOlder(feed.sizes.sinceMs, LATE_MS)],
      ['feedback-silent', feedback.silentSince()],
      ['feedback-owes', feedback.owed().sinceMs],
      ['feedback-behind', feedback.behindSince()],
    ] as const;
    return places.flatMap(([where, sinceMs]) => (sinceMs === undefined ? [] : [{ where, sinceMs }]));
  }

  private async run(): Promise<void> {
    for (;;) {
      await this.pauseBefore();
      if (this.isStopped) return;
      await this.refresh();
      await this.tidy();
    }
  }

  private async pauseBefore(): Promise<void> {
    try {
      await pause(POLL_MS, undefined, { signal: this.waiting.signal });
    } catch {
      // Woken: a flag has come here.
    }
    this.waiting = new AbortController();
  }

  private async refresh(): Promise<void> {
    const { subsystems, feed, clock, failed } = this.parts;
    // Before the table is read: what stands in it from now on is not what is asked for.
    const caughtUp = subsystems.filter((subsystem) => feed.isCaughtUp(subsystem));
    try {
      await this.readOn();
      this.readAtMs = clock.now();
    } catch (cause) {
      failed('disputes-unread', cause);
      return;
    }
    const sizeBefore = this.known.size;
    for (const subsystem of caughtUp) this.known.add(subsystem);
    if (this.known.size === sizeBefore) return;
    this.knowing.resolve(undefined);
    this.knowing = Promise.withResolvers();
  }

  private async tidy(): Promise<void> {
    const { clock, database, store, keepMs, failed } = this.parts;
    const nowMs = clock.now();
    if (nowMs - this.tidiedAtMs < TIDY_EVERY_MS) return;
    this.tidiedAtMs = nowMs;
    try {
      await this.resealing.round();
      await store.forget(database, nowMs - keepMs);
    } catch (cause) {
      failed('disputes-untidied', cause);
    }
  }

  private async readOn(): Promise<void> {
    const { database, store, subsystems } = this.parts;
    for (;;) {
      const page = await store.changed(database, subsystems, this.rev);
      for (const kept of page) await this.apply(kept);
      if (page.length < PAGE) return;
    }
  }

  private async apply(kept: KeptFlag): Promise<void> {
    const { subsystem, flag, value, rev } = kept;
    const name = `${subsystem} ${flag}`;
    const opened = value === undefined ? undefined : await this.opened(subsystem, value);
    this.unopened.delete(name);
    if (opened !== undefined) this.held.set(opened);
    else if (value === undefined) this.held.remove(subsystem, flag);
    else {
      this.unopened.add(name);
      this.parts.unreadable(kept);
    }
    this.rev = rev;
  }

  private async opened(subsystem: SubsystemId, value: Uint8Array) {
    const read = readDelivery(value);
    if (!read.ok) return undefined;
    const { head, sealed } = read.value;
    const content = await openDelivery(head, sealed, (to, kid) => this.parts.keys.unsealKey(to, kid));
    const dispute = content.ok ? readDispute(content.value) : undefined;
    return dispute === undefined ? undefined : flagOf(subsystem, dispute);
  }
}

function instant(ms: number | undefined): string {
  return ms === undefined ? 'never' : new Date(ms).toISOString();
}
