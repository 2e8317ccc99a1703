import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, SubsystemId } from '#kernel';
import type { RegistryCopy } from '#registry-copy';
import type { RegistryView } from '#snapshot';
import type { DispatchEvents } from '../dispatch/dispatch-events.js';
import { effectiveDeadlineMs, readEnvelope } from '../dispatch/envelope.js';
import { keyTimeMs, type HeldKeys } from '../dispatch/held-keys.js';
import { type UnsafeCalls } from '../dispatch/unsafe-calls.service.js';
import type { Orphan } from './journal-row.js';
import { type JournalStore } from './journal.store.js';
import type { Restamps } from './restamps.service.js';

export interface JournalWorkerOptions {
  readonly journal: Pick<JournalStore, 'orphans' | 'sweep'>;
  readonly unsafe: Pick<UnsafeCalls, 'settleSeen'>;
  readonly restamps: Pick<Restamps, 'round'>;
  readonly copy: Pick<RegistryCopy, 'current' | 'manifestStatement'>;
  readonly keys: HeldKeys;
  readonly subsystems: readonly SubsystemId[];
  readonly clock: Clock;
  readonly keepMs: number;
  readonly events: DispatchEvents;
}

const INTERVAL_MS = 10_000;
/** Redelivery ends most orphans; this is for calls whose offset was committed while their row could not be written. */
const ORPHAN_GRACE_MS = 30_000;
const BATCH = 100;
/** Of one turn: beyond it the rest waits for the next. */
const MAX_PAGES = 20;
const SWEEP_BATCH = 1_000;
/** Between two batches of one sweep, so that calls get their turn at the database. */
const PAUSE_MS = 10;

/** Ends calls that nobody else will end, stamps outcomes again that the log may not have, and erases rows that have outlived the request topic. */
export class JournalWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly options: JournalWorkerOptions) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.tidy());
    }, INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async tidy(graceMs = ORPHAN_GRACE_MS): Promise<void> {
    // Each by itself: what cannot be ended must not keep the journal from being swept, nor the other way round.
    await this.attempt(() => this.endOrphans(graceMs));
    await this.attempt(() => this.restamp());
    await this.attempt(() => this.sweepAll());
  }

  private async restamp(): Promise<void> {
    const view = this.options.copy.current();
    if (view !== undefined) await this.options.restamps.round(view, () => this.isStopped);
  }

  /** To the last row: what holds personal data must not outlive its time because more came than one batch. */
  private async sweepAll(): Promise<void> {
    const { journal, keepMs } = this.options;
    while (!this.isStopped && (await journal.sweep(keepMs, SWEEP_BATCH)) >= SWEEP_BATCH) await pause(PAUSE_MS);
  }

  /** Page by page; those that cannot be ended stay in front of the order, so the next page begins behind them. */
  private async endOrphans(graceMs: number): Promise<void> {
    const { journal, copy, events } = this.options;
    const view = copy.current();
    if (view === undefined) return;
    let stuck = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const orphans = await journal.orphans(graceMs, BATCH, stuck);
      for (const orphan of orphans) {
        if (this.isStopped) return;
        if (!(await this.attempt(() => this.end(orphan, view)))) stuck += 1;
      }
      if (orphans.length < BATCH) break;
    }
    if (stuck > 0) events.alarm('journal-orphans-stuck', { stuck });
  }

  /** True if it went well; a failure is tried again at the next turn. */
  private async attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      return (await act()) !== false;
    } catch (cause) {
      this.options.events.failed('journal-not-tidied', cause);
      return false;
    }
  }

  /** The Request itself was stored with the row, after it had been verified: here it is only read again. */
  private async end(orphan: Orphan, view: RegistryView): Promise<boolean> {
    const { subsystems, copy, keys, clock, unsafe, events } = this.options;
    for (const subsystem of subsystems) {
      const read = readEnvelope(orphan.request, subsystem);
      const receiptTopic = view.topicsOf(subsystem)?.receipt;
      const signer = keys.signer(view, subsystem, keyTimeMs(copy.manifestStatement, clock));
      if (!read.ok || receiptTopic === undefined || signer === undefined) continue;
      // Nothing could be stated; the round goes on with what needs no signature.
      if (signer.trouble?.() !== undefined) return false;
      const envelope = read.value;
      const route = { receiptTopic, replyTopic: envelope.request.replyTopic };
      const deadlineMs = effectiveDeadlineMs(view, envelope);
      const seen = await unsafe.settleSeen({
        envelope,
        view,
        route,
        signer,
        deadlineMs,
        startedMs: clock.now(),
        watch: events.watch(envelope),
      });
      return seen === 'settled';
    }
    return false;
  }
}
