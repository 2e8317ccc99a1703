import { setTimeout as pause } from 'node:timers/promises';
import { openDelivery, readDelivery, readDispute } from '#deliveries';
import type { ServiceId, SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import type { Queries } from '#postgres';
import type { TypedSubject } from '#signing';
import { elementsOf, type RegistryView } from '#snapshot';
import { documentIn } from './answer-document.js';
import { flagOf, HeldFlags } from './dispute-flag.js';
import { DisputeStore, PAGE, type DeliveredFlag, type KeptFlag } from './dispute.store.js';
import { disputeErrors } from './disputes.errors.js';
import { Resealing, type ResealingParts } from './resealing.service.js';
import { candidates, marksOf, UNMARKED, type DisputeMarks } from './marked-answer.js';

/** Others may keep flags of their `subsystems` in the same database. */
export interface DisputesParts extends ResealingParts {
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

/**
 * The dispute flags of the subsystems that are served here: kept in the database, which all their connectors share, and
 * held in memory, where each answer looks them up. Without broker or database what was known last goes on to hold.
 */
export class Disputes {
  private readonly store = new DisputeStore();
  private readonly held = new HeldFlags();
  /** Flags that are on and cannot be opened here, by name. */
  private readonly unopened = new Set<string>();
  private rev = 0n;
  /** When the table was last seen to its end. */
  private readAtMs: number | undefined;
  private tidiedAtMs = 0;
  private readonly resealing: Resealing;
  private waiting = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly parts: DisputesParts) {
    this.resealing = new Resealing(parts, this.store);
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
    return { held: this.held.size, unopened: this.unopened.size };
  }

  /** In the transaction in which what brought them is taken. */
  async take(queries: Pick<Queries, 'query'>, flags: readonly DeliveredFlag[]): Promise<void> {
    if (this.held.size + flags.length > MAX_FLAGS)
      throw disputeErrors.error('disputes-full', { details: { held: this.held.size } });
    await this.store.take(queries, flags);
  }

  /** Something has been taken here, and stands in the table. */
  wake(): void {
    this.waiting.abort();
  }

  /** False until the flags were read once: an answer that may hold a disputed datum has to wait for that. */
  isKnownFor(view: RegistryView, service: ServiceId, endpoint: string): boolean {
    return this.readAtMs !== undefined || elementsOf(view, service, endpoint).length === 0;
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

  /** For `/status`; `silentSince`: when the broker was heard last, if that is long ago. */
  reading(silentSince: number | undefined): Reading {
    const details = { flags: this.held.size, unopened: this.unopened.size };
    if (this.readAtMs === undefined)
      return { state: 'down', reason: 'dispute flags are not known: answers that may need one are refused', details };
    const staleSince = this.staleSince(this.readAtMs, silentSince);
    if (staleSince !== undefined) {
      const since = new Date(staleSince).toISOString();
      return { state: 'degraded', reason: `dispute flags may be stale since ${since}`, details };
    }
    if (this.unopened.size === 0) return { state: 'ok', details };
    return { state: 'degraded', reason: 'some dispute flags cannot be opened: their key is not held here', details };
  }

  private staleSince(readAtMs: number, unheard: number | undefined): number | undefined {
    const unread = this.parts.clock.now() - readAtMs > STALE_MS ? readAtMs : undefined;
    if (unread === undefined || unheard === undefined) return unread ?? unheard;
    return Math.min(unread, unheard);
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
    try {
      await this.readOn();
      this.readAtMs = this.parts.clock.now();
    } catch (cause) {
      this.parts.failed('disputes-unread', cause);
    }
  }

  private async tidy(): Promise<void> {
    const { clock, database, keepMs, failed } = this.parts;
    const nowMs = clock.now();
    if (nowMs - this.tidiedAtMs < TIDY_EVERY_MS) return;
    this.tidiedAtMs = nowMs;
    try {
      await this.resealing.round();
      await this.store.forget(database, nowMs - keepMs);
    } catch (cause) {
      failed('disputes-untidied', cause);
    }
  }

  private async readOn(): Promise<void> {
    const { database, subsystems } = this.parts;
    for (;;) {
      const page = await this.store.changed(database, subsystems, this.rev);
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
