import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Bus, OutgoingRecord } from '#bus';
import { toHex } from '#kernel';
import { openingRecord } from '#openings';
import { statementLeafHash } from '#signing';
import { dispatchErrors } from '../dispatch/dispatch.errors.js';
import type { DispatchEvents } from '../dispatch/dispatch-events.js';
import type { Envelope } from '../dispatch/envelope.js';
import type { ReceiptBook, ReceiptVerdict } from './receipt-book.js';
import type { Route } from './route.js';
import { repeatUntil, stampRecord } from './stamp-courier.worker.js';

/** The bytes of an outcome: sent, kept and sent again as they are. */
export interface OutcomeBytes {
  readonly statement: string;
  readonly answer: Uint8Array;
  /** Values of records for feedback: of the subject that only the answer told, and of the request's commitments. */
  readonly opening?: Uint8Array | undefined;
  readonly requestOpening?: Uint8Array | undefined;
}

/** What was stated at another time about a request, and who wants its receipt. */
export interface StatedOutcome {
  readonly envelope: Envelope;
  readonly statement: string;
  /** As `OutcomeBytes` has it. */
  readonly opening?: Uint8Array | undefined;
  /** Topics of the snapshot, at most two. */
  readonly replies: readonly string[];
}

export interface DeliveryLimits {
  readonly keptCount: number;
  readonly keptBytes: number;
  /** How long after its deadline an outcome is kept and its stamp repeated (`bus.md` §4.6). */
  readonly keepAfterDeadlineMs: number;
}

/**
 * Brings statements to the log and answers to the gateway. It promises that no `Answer` leaves before the checked receipt
 * of its request (promise 1), whoever lost or hid the gateway's stamp, and that a lost stamp is sent again. Of a subject
 * that only the answer told the broker has the opening before anybody hears of its commitment, so a crash loses both or
 * neither.
 */
export class DeliveryService {
  /** Outcomes of this process by requested leaf, for redeliveries; bounded by count, bytes and time. */
  private readonly kept: LRUCache<string, OutcomeBytes>;
  /** Repetitions under way; `close` waits for them. */
  private readonly repeating = new Set<Promise<void>>();
  /** Openings that the broker has not acknowledged, by requested leaf; resolve with whether it has, in the end. */
  private readonly unsent = new Map<string, Promise<boolean>>();
  private isClosed = false;

  constructor(
    private readonly bus: Bus,
    private readonly book: ReceiptBook,
    private readonly limits: DeliveryLimits,
    private readonly events: DispatchEvents,
  ) {
    this.kept = new LRUCache({
      max: limits.keptCount,
      maxSize: limits.keptBytes,
      sizeCalculation: sizeOf,
    });
  }

  /** The log's verdict on the request, until `forMs` have passed; the requested JWS is stamped by us from 250 ms on. */
  awaitRequested(envelope: Envelope, route: Route, forMs: number): Promise<ReceiptVerdict> {
    const { exchangeId, consumer, leafKey, requested } = envelope;
    const verdict = this.book.wait({ exchangeId, slot: 'c0', signer: consumer }, leafKey, forMs);
    const askedMs = performance.now();
    void verdict.then(() => this.events.receipted(performance.now() - askedMs));
    this.repeat(verdict, stampRecord(requested.jws, [route.replyTopic, route.receiptTopic]));
    return verdict;
  }

  /**
   * Stamps the outcome at once, but behind an opening that nobody else could send; the answer when `requested` says that
   * the request stands. Resolves when the answer is acknowledged, or when it is certain that none may leave.
   */
  async deliver(
    envelope: Envelope,
    outcome: OutcomeBytes,
    route: Route,
    requested: Promise<ReceiptVerdict>,
    forMs: number,
  ): Promise<ReceiptVerdict> {
    const keepMs = Math.max(0, forMs) + this.limits.keepAfterDeadlineMs;
    this.kept.set(envelope.leafKey, outcome, { ttl: keepMs });
    this.sendRequestOpening(envelope, outcome);
    await this.openFirst(envelope, outcome, forMs, keepMs);
    const stamp = this.stampUntilReceipt(envelope, outcome, route, keepMs);
    const answer = answerRecord(outcome, route);
    const early = await Promise.race([requested, Promise.resolve('pending' as const)]);
    await this.send(early === 'stands' ? [stamp, answer] : [stamp], keepMs);
    const verdict = await requested;
    if (verdict !== 'stands')
      this.events.alarm('answer-withheld', { exchangeId: envelope.exchangeId, receipt: verdict });
    else if (early !== 'stands') await this.send([answer], keepMs);
    return verdict;
  }

  /** Apart from the exchange, which must not fail with them (`design.md` §7): feedback asks for what it did not get. */
  private sendRequestOpening({ exchangeId }: Envelope, { requestOpening }: OutcomeBytes): void {
    if (requestOpening === undefined) return;
    const sent = this.bus.publish([openingRecord(exchangeId, requestOpening)]);
    sent.catch((cause: unknown) => this.events.failed('opening-failed', cause));
  }

  /** A broker that takes no openings takes half of the time that is left, not the exchange; it is tried on meanwhile. */
  private async openFirst(
    { exchangeId, leafKey }: Envelope,
    { opening }: OutcomeBytes,
    forMs: number,
    keepMs: number,
  ): Promise<void> {
    if (opening === undefined) return;
    // With too many waiting it is tried once: the journal, or a redelivery of what is kept, sends it again.
    const tryMs = this.unsent.size < this.limits.keptCount ? keepMs : 0;
    const sent = this.sendOpening(openingRecord(exchangeId, opening), tryMs);
    this.unsent.set(leafKey, sent);
    void sent.finally(() => this.unsent.get(leafKey) === sent && this.unsent.delete(leafKey));
    await Promise.race([sent, pause(Math.max(0, forMs) / 2, undefined, { ref: false })]);
  }

  /** Whether the broker has it. */
  private async sendOpening(record: OutgoingRecord, forMs: number): Promise<boolean> {
    const untilMs = performance.now() + forMs;
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 1_000)) {
      try {
        await this.bus.publish([record]);
        return true;
      } catch (cause) {
        this.events.failed('opening-failed', cause);
      }
      if (this.isClosed || performance.now() >= untilMs) return false;
      await pause(waitMs);
    }
  }

  /** Sends only the statement: an exchange whose request is not in the log gets no answer. */
  async stateOnly(envelope: Envelope, outcome: OutcomeBytes, route: Route): Promise<void> {
    const keepMs = this.limits.keepAfterDeadlineMs;
    await this.send([this.stampUntilReceipt(envelope, outcome, route, keepMs)], keepMs);
  }

  /**
   * Stamps once more what was stated, behind its opening; the log's verdict on each, `none` if it says nothing within
   * `forMs` or the broker does not take the opening.
   */
  async stampAgain(outcomes: readonly StatedOutcome[], forMs: number): Promise<ReceiptVerdict[]> {
    const openings = outcomes.flatMap(({ envelope, opening }) =>
      opening === undefined ? [] : [openingRecord(envelope.exchangeId, opening)],
    );
    const isOpened = await this.attempt(openings);
    const verdicts = outcomes.map(({ envelope, statement }) => this.verdictOn(envelope, statement, forMs));
    await this.bus.publish(outcomes.map(({ statement, replies }) => stampRecord(statement, replies)));
    const said = await Promise.all(verdicts);
    return said.map((verdict, at) => (isOpened || outcomes[at]?.opening === undefined ? verdict : 'none'));
  }

  /**
   * The log's verdict on an outcome that was delivered, for as long as its stamp is repeated; `none` as well where the
   * broker has not taken the opening, so that whoever keeps the outcome goes on keeping it.
   */
  async outcomeVerdict(envelope: Envelope, { statement }: OutcomeBytes, forMs: number): Promise<ReceiptVerdict> {
    if (this.repeating.size >= this.limits.keptCount) return 'none';
    const isOpened = this.unsent.get(envelope.leafKey) ?? true;
    const verdict = await this.verdictOn(envelope, statement, Math.max(0, forMs) + this.limits.keepAfterDeadlineMs);
    return (await isOpened) ? verdict : 'none';
  }

  /** Outcomes kept, their bytes, and stamps that are repeated until their receipt. */
  get held(): { readonly answers: number; readonly bytes: number; readonly stamps: number; readonly waits: number } {
    const { kept, repeating, book } = this;
    return { answers: kept.size, bytes: kept.calculatedSize, stamps: repeating.size, waits: book.size };
  }

  /** What this process has stated about that very request; there only after its receipt was asked for. */
  keptFor(envelope: Envelope): OutcomeBytes | undefined {
    return this.kept.get(envelope.leafKey);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.book.close();
    await Promise.allSettled([...this.repeating, ...this.unsent.values()]);
  }

  private async attempt(openings: readonly OutgoingRecord[]): Promise<boolean> {
    try {
      if (openings.length > 0) await this.bus.publish(openings);
      return true;
    } catch (cause) {
      this.events.failed('opening-failed', cause);
      return false;
    }
  }

  private stampUntilReceipt(envelope: Envelope, outcome: OutcomeBytes, route: Route, forMs: number): OutgoingRecord {
    const stamp = stampRecord(outcome.statement, [route.receiptTopic, route.replyTopic]);
    // With too many waiting the log is down: the gateway repeats the stamp of every answer that it holds as well.
    if (this.repeating.size >= this.limits.keptCount) return stamp;
    this.repeat(this.verdictOn(envelope, outcome.statement, forMs), stamp);
    return stamp;
  }

  private verdictOn({ exchangeId, provider }: Envelope, statement: string, forMs: number): Promise<ReceiptVerdict> {
    const leaf = toHex(statementLeafHash(statement));
    return this.book.wait({ exchangeId, slot: 'p1', signer: provider }, leaf, forMs);
  }

  private repeat(settled: Promise<unknown>, record: OutgoingRecord): void {
    const failed = (cause: unknown) => this.events.failed('stamp-not-sent', cause);
    const repetition = repeatUntil(settled, () => this.bus.publish([record]), failed);
    this.repeating.add(repetition);
    void repetition.finally(() => this.repeating.delete(repetition));
  }

  /** Acknowledged by the broker, or `connector-unsent` when `forMs` have passed. */
  private async send(records: readonly OutgoingRecord[], forMs: number): Promise<void> {
    const untilMs = performance.now() + forMs;
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await this.bus.publish(records);
        return;
      } catch (cause) {
        if (performance.now() >= untilMs) throw dispatchErrors.error('connector-unsent', { cause });
        this.events.failed('answer-not-sent', cause);
      }
      await pause(waitMs);
    }
  }
}

function sizeOf({ statement, answer, opening, requestOpening }: OutcomeBytes): number {
  return statement.length + answer.length + (opening?.length ?? 0) + (requestOpening?.length ?? 0) + 1;
}

function answerRecord(outcome: OutcomeBytes, route: Route): OutgoingRecord {
  return { topic: route.replyTopic, partition: 0, value: outcome.answer, headers: { type: 'answer' } };
}
