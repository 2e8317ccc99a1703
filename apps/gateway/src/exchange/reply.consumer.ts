import { transientRefusals } from '#access';
import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { AnswerSchema, decode, ReceiptsSchema, type Answer, type Leaf, type Receipts } from '#contracts';
import { exchangeIdFromBytes, type Clock, type ExchangeId } from '#kernel';
import type { RegistryView } from '#snapshot';
import type { Checkpoint } from '#tlog';
import { checkCandidate, sequelOf } from './candidate.js';
import type { ManifestTime } from './consumer-keys.js';
import type { ExchangeEvents } from './exchange-events.js';
import type { LogPulse } from './log-pulse.js';
import type { ParkedAnswer, Pending, PendingExchanges } from './pending-exchanges.js';
import { checkLeaf, leafExchangeId, type ReceiptChecker } from './receipts.js';
import type { StampsWorker } from './stamps.worker.js';

export interface ReplyParts {
  readonly bus: Bus;
  readonly pending: PendingExchanges;
  readonly stamps: StampsWorker;
  readonly pulse: LogPulse;
  readonly receipts: ReceiptChecker;
  readonly registry: { current(): RegistryView | undefined } & ManifestTime;
  readonly events: ExchangeEvents;
  readonly clock: Clock;
}

const MAX_IN_FLIGHT = 1_000;
const REASON_CODE = /^[a-z][a-z0-9-]{0,63}$/;
/** An empty fetch is answered after 250 ms or so, and a request that took this long is taken for lost. */
const SILENT_MS = 3_000;

/**
 * Reads this instance's own reply topic: answers of connectors, receipts of the log. It believes nothing that it has
 * not checked itself, matches by exchange id, and drops what belongs to no exchange that waits here. Nothing is
 * committed: what was sent to a gateway that died is of no use to the next.
 */
export class ReplyConsumer {
  /** Set by `start`. */
  private subscription: Subscription | undefined;
  private topic: string | undefined;

  constructor(private readonly parts: ReplyParts) {}

  /** Resolves when nothing sent to the topic from now on is missed. */
  async start(topic: string): Promise<void> {
    this.subscription = await this.parts.bus.subscribe({
      topics: [topic],
      group: `${topic}.${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: MAX_IN_FLIGHT,
      onError: (cause) => this.parts.events.failed('reply', cause),
      each: (record) => this.take(record),
    });
    this.topic = topic;
  }

  /** The topic that answers should be sent to; undefined while they would not be heard. */
  hearing(): string | undefined {
    return this.subscription?.isAssigned() === true && this.busAnswers() ? this.topic : undefined;
  }

  /** False while the broker is silent; true before anything was asked of it. */
  busAnswers(): boolean {
    const { subscription } = this;
    return subscription === undefined || this.parts.clock.now() - subscription.lastAnswerAtMs() < SILENT_MS;
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** Never waits: one record that waited would hold up all that come after it. */
  take(record: ReceivedRecord): void {
    const type = record.headers['type']?.[0];
    const answer = type === 'answer' ? this.decoded(() => decode(AnswerSchema, record.value)) : undefined;
    const receipts = type === 'receipts' ? this.decoded(() => decode(ReceiptsSchema, record.value)) : undefined;
    const answeredId = answer === undefined ? undefined : exchangeIdFromBytes(answer.exchangeId);
    if (answer !== undefined && answeredId !== undefined) this.takeAnswer(answer, answeredId);
    else if (receipts !== undefined && receipts.leaves.length > 0) this.takeReceipts(receipts);
    else this.parts.events.counted('malformed-reply');
  }

  /** A snapshot was adopted: answers that waited for a newer one are checked again. */
  adopted(): void {
    for (const { pending, parked } of this.parts.pending.takeParked()) this.check(pending, parked);
  }

  private decoded<Message>(read: () => Message): Message | undefined {
    try {
      return read();
    } catch (cause) {
      this.parts.events.failed('reply-decode', cause);
      return undefined;
    }
  }

  private takeAnswer(answer: Answer, id: ExchangeId): void {
    const { pending, events } = this.parts;
    const waiting = pending.get(id);
    if (waiting === undefined) {
      events.counted('late-answer');
      return;
    }
    const { awaited } = waiting;
    const statement = sequelOf(awaited.expected, answer);
    if (!statement.ok) {
      this.reject(waiting, statement.reason);
      return;
    }
    // Re-sent bytes: already checked.
    if (awaited.knows(statement.value.leafHash)) return;
    this.check(waiting, { answer, statement: statement.value });
  }

  private check(waiting: Pending, parked: ParkedAnswer): void {
    const { registry, clock } = this.parts;
    const { awaited } = waiting;
    const { answer, statement } = parked;
    const key = registry.current()?.keyOf(awaited.expected.provider, statement.kid);
    if (key === undefined && this.park(waiting, parked)) return;
    const judgedAtMs = registry.manifestStatement?.payload.ts ?? clock.now();
    const candidate = checkCandidate(awaited.expected, statement, answer, key, judgedAtMs);
    if (!candidate.ok) {
      this.reject(waiting, candidate.reason);
      return;
    }
    waiting.watch.passed('answered');
    waiting.decide(awaited.addCandidate(candidate.value));
  }

  /** The provider may have decided with a snapshot that is newer than ours: then its key comes with ours, or never. */
  private park(waiting: Pending, parked: ParkedAnswer): boolean {
    const { awaited } = waiting;
    const isParked = this.parts.pending.park(awaited.expected.exchangeId, parked);
    // Told at the deadline if the key never comes; the alarm comes with the end of the exchange.
    if (isParked) awaited.reject('answer-unknown-key');
    return isParked;
  }

  private reject(waiting: Pending, reason: Parameters<Pending['awaited']['reject']>[0]): void {
    const { events } = this.parts;
    const { provider, exchangeId } = waiting.awaited.expected;
    events.counted('rejected-answer');
    events.alarm('answer-rejected', { reason, provider, exchangeId });
    waiting.decide(waiting.awaited.reject(reason));
  }

  private takeReceipts(receipts: Receipts): void {
    let checkpoint: Checkpoint | undefined;
    for (const leaf of receipts.leaves) {
      if (!this.concerns(leaf)) continue;
      if (leaf.refused !== '') {
        this.takeRefusal(leaf);
        continue;
      }
      checkpoint ??= this.openNote(receipts.note);
      if (checkpoint === undefined) return;
      this.takeLeaf(checkpoint, leaf);
    }
  }

  /** A note is opened, and a path walked, only for leaves that somebody here waits for. */
  private concerns(leaf: Leaf): boolean {
    const id = leafExchangeId(leaf);
    return (id !== undefined && this.parts.pending.get(id) !== undefined) || this.parts.stamps.holds(leaf.leafHash);
  }

  private openNote(note: Uint8Array): Checkpoint | undefined {
    const opened = this.parts.receipts.open(note);
    if (typeof opened !== 'string') return opened;
    this.parts.events.alarm('receipt-note-refused', { reason: opened });
    return undefined;
  }

  private takeLeaf(checkpoint: Checkpoint, leaf: Leaf): void {
    const { pending, stamps, events, pulse } = this.parts;
    const receipt = checkLeaf(checkpoint, leaf);
    if (receipt === undefined) {
      events.alarm('receipt-proof-wrong', { slot: leaf.slot, size: checkpoint.size });
      return;
    }
    pulse.heard();
    stamps.end(receipt.leafHash, 'receipt');
    const id = leafExchangeId(leaf);
    const waiting = id === undefined ? undefined : pending.get(id);
    if (waiting === undefined) return;
    if (waiting.awaited.contradicts(receipt)) events.alarm('receipt-conflict', { exchangeId: id });
    waiting.decide(waiting.awaited.addReceipt(receipt));
  }

  private takeRefusal(leaf: Leaf): void {
    const { pending, stamps, events } = this.parts;
    const id = leafExchangeId(leaf);
    const leafHash = Buffer.from(leaf.leafHash);
    // A code or nothing: whoever can write to this topic must not write into our log.
    const reason = REASON_CODE.test(leaf.refused) ? leaf.refused : 'unspecified';
    // Not now rather than no: the stamp is sent again like one without a receipt.
    if (transientRefusals.has(reason)) return;
    events.alarm('stamp-refused', { reason, slot: leaf.slot, exchangeId: id });
    stamps.end(leafHash, 'refused');
    const waiting = id === undefined ? undefined : pending.get(id);
    waiting?.awaited.addRefusal({ leafHash, refused: leaf.refused });
  }
}
