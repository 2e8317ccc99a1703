import { randomUUID } from 'node:crypto';
import { toHex, type Clock } from '#kernel';
import type { WhyCode } from '#access';
import { failedOutcome, type Outcome } from '../evidence/outcome.js';
import { type DeliveryService, type OutcomeBytes } from '../evidence/delivery.service.js';
import type { ReceiptVerdict } from '../evidence/receipt-book.js';
import type { JournalRow } from '../journal/journal-row.js';
import { type JournalStore } from '../journal/journal.store.js';
import type { DispatchEvents } from './dispatch-events.js';
import type { Dispatch } from './dispatch.js';
import type { JournalWaits } from './journal-waits.js';

export interface UnsafeLimits {
  /** Added to the call's deadline in its row, so that its maker can still write the outcome of a call cut at the last moment. */
  readonly graceMs: number;
}

/** What of an unsafe request is known when its call is due. */
export interface DueCall {
  readonly dispatch: Dispatch;
  /** The Request record, kept with the row. */
  readonly request: Uint8Array;
  readonly requested: Promise<ReceiptVerdict>;
  /** `unknown`: the journal could not be read, so an earlier delivery may have called. */
  readonly seen: 'unseen' | 'unknown';
}

type Journal = Pick<JournalStore, 'find' | 'begin' | 'end' | 'orphan' | 'markReceipted'>;
type Delivery = Pick<DeliveryService, 'deliver' | 'stateOnly' | 'outcomeVerdict'>;

/** With less time left than this a call could only be cut. */
const LEAST_CALL_MS = 5;
/** Clocks of connectors are at most that far apart (`bus.md` §1): then nobody takes the request for one in time. */
const EXPIRED_FOR_ALL_MS = 500;
/** How long a late request waits for a journal that may hold its outcome. */
const LATE_LOOKUP_MS = 5_000;
const STANDS: Promise<ReceiptVerdict> = Promise.resolve('stands');

/**
 * Unsafe methods reach the agency at most once (`bus.md` §4.5): receipt, then journal row, then call, then the outcome
 * stored, then sent. Killed between any two of these, whoever comes next finds a row that tells what may still be done;
 * without a database there is no unsafe call.
 */
export class UnsafeCalls {
  constructor(
    private readonly journal: Journal,
    private readonly delivery: Delivery,
    /** Unique per process, not per instance: tells an operator who made a call. */
    private readonly owner: string,
    private readonly clock: Clock,
    private readonly waits: JournalWaits,
    private readonly limits: UnsafeLimits,
    private readonly events: DispatchEvents,
  ) {}

  /**
   * Ends a request whose row is there already. `reused`: the row is another statement's; `unknown`: the journal cannot be
   * read. A late request asks for some time, because only the journal can still answer it; one in time goes on, and
   * meets the journal again before its call. `busy`: it cannot be read, and too many wait until it can.
   */
  async settleSeen(dispatch: Dispatch): Promise<'settled' | 'reused' | 'unseen' | 'unknown' | 'busy'> {
    const giveUpMs = this.clock.now() + LATE_LOOKUP_MS;
    const wait = this.waits.open();
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const row = await wait.hear(this.journal.find(dispatch.envelope.exchangeId));
          if (row === 'busy') return row;
          return row === undefined ? 'unseen' : await this.settle(dispatch, row);
        } catch (cause) {
          this.events.failed('seen-not-settled', cause);
          const nowMs = this.clock.now();
          if (nowMs < dispatch.deadlineMs || nowMs >= giveUpMs) return 'unknown';
        }
        if (!wait.stall()) return 'busy';
        await pause(Math.min(100 * attempt, 1_000));
      }
    } finally {
      wait.end();
    }
  }

  /**
   * `busy`: the journal does not answer, and too many wait until it does. Then nothing is called and nothing stated,
   * since the journal was not read; if a row was written all the same, it is ended as unknown.
   */
  async call(due: DueCall, callAgency: () => Promise<Outcome>): Promise<'settled' | 'reused' | 'busy'> {
    const { dispatch } = due;
    const verdict = await due.requested;
    if (verdict !== 'stands') return this.withoutReceipt(dispatch, verdict);
    // Of this attempt alone: a row that an earlier attempt of this very process began may have been called.
    const owner = `${this.owner}.${randomUUID()}`;
    const begun = await this.begin(due, owner);
    if (begun === 'busy') return begun;
    if (begun === 'unavailable') {
      await this.tell(
        dispatch,
        await this.failed(dispatch, due.seen === 'unseen' ? 'journal-unavailable' : 'outcome-unknown'),
      );
      return 'settled';
    }
    if (begun !== 'begun') return this.settle(dispatch, begun);
    // Receipt and row may have taken all the time there was. Not called: nothing else may be said.
    const isLate = dispatch.deadlineMs - this.clock.now() < LEAST_CALL_MS;
    const outcome = isLate ? await this.failed(dispatch, 'connector-busy') : await callAgency();
    await this.endOwn(dispatch, owner, outcome);
    return 'settled';
  }

  /**
   * The row before the call. A failed insert may have been committed, so it is tried again until it is certain whose the
   * row is, or until nobody can take the request for one in time: before that a redelivery might still call, and nothing
   * may be stated. A row of a failed insert that nobody could read stays `calling` and is ended as unknown.
   */
  private async begin(due: DueCall, owner: string): Promise<'begun' | 'unavailable' | 'busy' | JournalRow> {
    const { deadlineMs } = due.dispatch;
    const wait = this.waits.open();
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const begun = await wait.hear(this.beginOnce(due, owner));
          if (begun !== undefined) return begun;
        } catch (cause) {
          this.events.failed('journal-unavailable', cause);
        }
        if (this.clock.now() >= deadlineMs + EXPIRED_FOR_ALL_MS) return 'unavailable';
        if (!wait.stall()) return 'busy';
        await pause(Math.min(50 * attempt, 500));
      }
    } finally {
      wait.end();
    }
  }

  /** Undefined if somebody's row was there and is gone. */
  private async beginOnce({ dispatch, request }: DueCall, owner: string): Promise<'begun' | JournalRow | undefined> {
    const { exchangeId, requested } = dispatch.envelope;
    const callMs = dispatch.deadlineMs - this.clock.now() + this.limits.graceMs;
    if (await this.journal.begin({ exchangeId, leafHash: requested.leafHash, owner, callMs, request })) return 'begun';
    const row = await this.journal.find(exchangeId);
    return row?.state === 'calling' && row.owner === owner ? 'begun' : row;
  }

  /** Stores the outcome, then sends it; who loses the compare-and-set states nothing and sends what stands. */
  private async endOwn(dispatch: Dispatch, owner: string, outcome: Outcome): Promise<void> {
    const { exchangeId } = dispatch.envelope;
    const opening = outcome.opening === undefined ? undefined : Buffer.from(outcome.opening);
    const stored = { statement: outcome.statement.jws, answer: Buffer.from(outcome.answer), opening };
    const won = await this.persist(() => this.journal.end({ exchangeId, owner, ...stored }));
    if (won) return this.tell(dispatch, outcome);
    const row = await this.journal.find(exchangeId);
    if (row !== undefined && row.state !== 'calling') await this.send(dispatch, row);
  }

  /** Called and not journalled: sending now could tell a second story after a crash, so the write is tried for long. */
  private async persist(write: () => Promise<boolean>): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (cause) {
        this.events.failed('journal-not-ended', cause);
        if (attempt >= 10) throw cause;
        await pause(Math.min(200 * attempt, 1_000));
      }
    }
  }

  private async settle(dispatch: Dispatch, found: JournalRow): Promise<'settled' | 'reused'> {
    if (found.leafKey !== toHex(dispatch.envelope.requested.leafHash)) return 'reused';
    for (let row: JournalRow | undefined = found; row !== undefined;) {
      if (row.state !== 'calling') {
        await this.send(dispatch, row);
        return 'settled';
      }
      // Its maker may still be at work: nobody judges before the call's deadline by the database's clock.
      await pause(Math.min(Math.max(row.leftMs, 10), 1_000));
      if (row.leftMs <= 0) await this.orphan(dispatch);
      row = await this.journal.find(dispatch.envelope.exchangeId);
    }
    return 'settled';
  }

  private async orphan(dispatch: Dispatch): Promise<void> {
    const outcome = await this.failed(dispatch, 'outcome-unknown');
    const bytes = { statement: outcome.statement.jws, answer: Buffer.from(outcome.answer) };
    if (await this.journal.orphan(dispatch.envelope.exchangeId, bytes))
      this.events.stated('failed', 'outcome-unknown', 0);
  }

  /** `bus.md` §4.4: another leaf, or intake's refusal ⇒ no call, no answer; nothing by the deadline ⇒ `failed`. */
  private async withoutReceipt(dispatch: Dispatch, verdict: ReceiptVerdict): Promise<'settled'> {
    const { envelope, route } = dispatch;
    this.events.alarm('request-not-logged', { exchangeId: envelope.exchangeId, receipt: verdict });
    if (verdict === 'none') {
      const outcome = await this.failed(dispatch, 'no-receipt');
      this.events.stated(outcome.kind, outcome.why, this.clock.now() - dispatch.startedMs);
      await this.delivery.stateOnly(envelope, { statement: outcome.statement.jws, answer: outcome.answer }, route);
    }
    return 'settled';
  }

  private failed({ envelope, signer }: Dispatch, why: WhyCode): Promise<Outcome> {
    return failedOutcome(envelope, why, signer, this.clock.now());
  }

  private async tell(dispatch: Dispatch, outcome: Outcome): Promise<void> {
    this.events.stated(outcome.kind, outcome.why, this.clock.now() - dispatch.startedMs);
    dispatch.watch.passed('stated');
    const { statement, answer, opening } = outcome;
    await this.send(dispatch, { statement: statement.jws, answer, opening });
    dispatch.watch.ended(outcome.why ?? outcome.kind, outcome.kind === 'failed');
  }

  /** A row exists only after the checked receipt of its request, so the answer may leave. */
  private async send(dispatch: Dispatch, bytes: OutcomeBytes): Promise<void> {
    const leftMs = dispatch.deadlineMs - this.clock.now();
    const outcome = { ...bytes, requestOpening: dispatch.opening };
    await this.delivery.deliver(dispatch.envelope, outcome, dispatch.route, STANDS, leftMs);
    dispatch.watch.passed('sent');
    void this.noteReceipt(dispatch, bytes);
  }

  /** What has no mark is stamped again by the journal's worker: also what this process does not live to see in the log. */
  private async noteReceipt({ envelope, deadlineMs }: Dispatch, bytes: OutcomeBytes): Promise<void> {
    try {
      const verdict = await this.delivery.outcomeVerdict(envelope, bytes, deadlineMs - this.clock.now());
      if (verdict !== 'none') await this.journal.markReceipted(envelope.exchangeId);
    } catch (cause) {
      this.events.failed('receipt-not-marked', cause);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
