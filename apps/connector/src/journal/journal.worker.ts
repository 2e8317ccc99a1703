import type { Clock, SubsystemId } from '#kernel';
import type { RegistryCopy } from '#registry-copy';
import type { DispatchEvents } from '../dispatch/dispatch-events.js';
import { effectiveDeadlineMs, readEnvelope } from '../dispatch/envelope.js';
import { type HeldKeys } from '../dispatch/held-keys.js';
import { type UnsafeCalls } from '../dispatch/unsafe-calls.service.js';
import type { Orphan } from './journal-row.js';
import { type JournalStore } from './journal.store.js';

export interface JournalWorkerOptions {
  readonly journal: JournalStore;
  readonly unsafe: UnsafeCalls;
  readonly copy: RegistryCopy;
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

/** Ends calls that nobody else will end, and erases rows that have outlived the request topic. */
export class JournalWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: JournalWorkerOptions) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.tidy());
    }, INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  async tidy(graceMs = ORPHAN_GRACE_MS): Promise<void> {
    const { journal, keepMs, events } = this.options;
    try {
      for (const orphan of await journal.orphans(graceMs, BATCH)) await this.end(orphan);
      await journal.sweep(keepMs, 1_000);
    } catch (cause) {
      // Asked again at the next turn.
      events.failed('journal-not-tidied', cause);
    }
  }

  /** The Request itself was stored with the row, after it had been verified: here it is only read again. */
  private async end(orphan: Orphan): Promise<void> {
    const { subsystems, copy, keys, clock, unsafe } = this.options;
    const view = copy.current();
    if (view === undefined) return;
    for (const subsystem of subsystems) {
      const read = readEnvelope(orphan.request, subsystem);
      const receiptTopic = view.topicsOf(subsystem)?.receipt;
      if (!read.ok || receiptTopic === undefined) continue;
      const envelope = read.value;
      await unsafe.settleSeen({
        envelope,
        view,
        route: { receiptTopic, replyTopic: envelope.request.replyTopic },
        signer: keys.signer(view, subsystem, clock.now()),
        deadlineMs: effectiveDeadlineMs(view, envelope),
        startedMs: clock.now(),
      });
    }
  }
}
