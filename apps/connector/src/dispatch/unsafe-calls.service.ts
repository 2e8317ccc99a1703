import { toHex, type Clock } from '#kernel';
import { failedOutcome, type Outcome } from '../evidence/outcome.js';
import { type DeliveryService, type OutcomeBytes } from '../evidence/delivery.service.js';
import type { ReceiptVerdict } from '../evidence/receipt-book.js';
import type { JournalRow } from '../journal/journal-row.js';
import { type JournalStore } from '../journal/journal.store.js';
import type { DispatchEvents } from './dispatch-events.js';
import type { Dispatch } from './dispatch.js';

export interface UnsafeLimits {
  /** Added to the call's deadline in its row, so that its maker can still write the outcome of a call cut at the last moment. */
  readonly graceMs: number;
}

const STANDS: Promise<ReceiptVerdict> = Promise.resolve('stands');

/**
 * Unsafe methods reach the agency at most once (`bus.md` §4.5): receipt, then journal row, then call, then the outcome
 * stored, then sent. Killed between any two of these, whoever comes next finds a row that tells what may still be done;
 * without a database there is no unsafe call.
 */
export class UnsafeCalls {
  constructor(
    private readonly journal: JournalStore,
    private readonly delivery: DeliveryService,
    /** Unique per process, not per instance: after a restart nobody owns the calls of before. */
    private readonly owner: string,
    private readonly clock: Clock,
    private readonly limits: UnsafeLimits,
    private readonly events: DispatchEvents,
  ) {}

  /** Ends a request whose row is there already. `reused`: the row is another statement's. */
  async settleSeen(dispatch: Dispatch): Promise<'settled' | 'reused' | 'unseen'> {
    let row: JournalRow | undefined;
    try {
      row = await this.journal.find(dispatch.envelope.exchangeId);
    } catch (cause) {
      // Not known whether it was seen: `call` will find the database missing too and refuse to call.
      this.events.failed('journal-unavailable', cause);
    }
    return row === undefined ? 'unseen' : this.settle(dispatch, row);
  }

  async call(
    dispatch: Dispatch,
    request: Uint8Array,
    requested: Promise<ReceiptVerdict>,
    callAgency: () => Promise<Outcome>,
  ): Promise<'settled' | 'reused'> {
    const { envelope } = dispatch;
    const verdict = await requested;
    if (verdict !== 'stands') return this.withoutReceipt(dispatch, verdict);
    let begun: boolean;
    try {
      const callMs = dispatch.deadlineMs - this.clock.now() + this.limits.graceMs;
      const { exchangeId, requested: statement } = envelope;
      begun = await this.journal.begin({
        exchangeId,
        leafHash: statement.leafHash,
        owner: this.owner,
        callMs,
        request,
      });
    } catch (cause) {
      // The row may be there: then it stays `calling` and somebody ends it as unknown. We have not called.
      this.events.failed('journal-unavailable', cause);
      await this.tell(
        dispatch,
        await failedOutcome(envelope, 'journal-unavailable', dispatch.signer, this.clock.now()),
      );
      return 'settled';
    }
    if (!begun) {
      const row = await this.journal.find(envelope.exchangeId);
      return row === undefined ? 'settled' : this.settle(dispatch, row);
    }
    await this.endOwn(dispatch, await callAgency());
    return 'settled';
  }

  /** Stores the outcome, then sends it; who loses the compare-and-set states nothing and sends what stands. */
  private async endOwn(dispatch: Dispatch, outcome: Outcome): Promise<void> {
    const { exchangeId } = dispatch.envelope;
    const stored = { statement: outcome.statement.jws, answer: Buffer.from(outcome.answer) };
    const won = await this.persist(() => this.journal.end({ exchangeId, owner: this.owner, ...stored }));
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

  private async orphan({ envelope, signer }: Dispatch): Promise<void> {
    const outcome = await failedOutcome(envelope, 'outcome-unknown', signer, this.clock.now());
    const bytes = { statement: outcome.statement.jws, answer: Buffer.from(outcome.answer) };
    if (await this.journal.orphan(envelope.exchangeId, bytes)) this.events.stated('failed', 'outcome-unknown', 0);
  }

  /** `bus.md` §4.4: another leaf, or intake's refusal ⇒ no call, no answer; nothing by the deadline ⇒ `failed`. */
  private async withoutReceipt(dispatch: Dispatch, verdict: ReceiptVerdict): Promise<'settled'> {
    const { envelope, route, signer } = dispatch;
    this.events.alarm('request-not-logged', { exchangeId: envelope.exchangeId, receipt: verdict });
    if (verdict === 'none') {
      const outcome = await failedOutcome(envelope, 'no-receipt', signer, this.clock.now());
      this.events.stated(outcome.kind, outcome.why, this.clock.now() - dispatch.startedMs);
      await this.delivery.stateOnly(envelope, { statement: outcome.statement.jws, answer: outcome.answer }, route);
    }
    return 'settled';
  }

  private async tell(dispatch: Dispatch, outcome: Outcome): Promise<void> {
    this.events.stated(outcome.kind, outcome.why, this.clock.now() - dispatch.startedMs);
    await this.send(dispatch, { statement: outcome.statement.jws, answer: outcome.answer });
  }

  /** A row exists only after the checked receipt of its request, so the answer may leave. */
  private async send(dispatch: Dispatch, bytes: OutcomeBytes): Promise<void> {
    const leftMs = dispatch.deadlineMs - this.clock.now();
    await this.delivery.deliver(dispatch.envelope, bytes, dispatch.route, STANDS, leftMs);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
