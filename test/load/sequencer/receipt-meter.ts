import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Subscription } from '#bus';
import { decode, fixedTopics, ReceiptsSchema } from '#contracts';
import { loadErrors } from '../harness/load.errors.js';
import { figuresOf, latencyHistogram, recordMs, type Figures } from '../harness/measure.js';
import type { PreparedStamp } from './stamps.js';

export interface OfferOptions {
  readonly stamps: readonly PreparedStamp[];
  readonly perSecond: number;
}

/** A publish of what has become due in the meantime, so that the rate is offered whatever the answers do. */
const TICK_MS = 2;
const DRAIN_TIMEOUT_MS = 120_000;

/** Offers stamps at a fixed rate and takes the time to each receipt from the moment at which its stamp was due. */
export class ReceiptMeter {
  /** Exchange id → when its stamp was due, of stamps without a receipt so far. */
  private readonly dueAt = new Map<string, number>();
  private readonly refusals = new Map<string, number>();
  private latency = latencyHistogram();
  private received = 0;
  private subscription: Subscription | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly replyTopic: string,
  ) {}

  async start(): Promise<void> {
    this.subscription = await this.bus.subscribe({
      topics: [this.replyTopic],
      group: `bench-receipts-${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: 10_000,
      each: ({ value }) => this.take(value),
      onError: (cause) => process.stderr.write(`${String(cause)}\n`),
    });
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** Receipts per second until the last one, at most what was offered; resolves when every stamp has its receipt. */
  async offer({ stamps, perSecond }: OfferOptions): Promise<Figures> {
    this.latency = latencyHistogram();
    this.received = 0;
    const startedAt = performance.now();
    let sent = 0;
    const publishing: Promise<void>[] = [];
    while (sent < stamps.length) {
      const due = Math.min(stamps.length, Math.ceil(((performance.now() - startedAt) * perSecond) / 1_000));
      const batch = stamps.slice(sent, due);
      batch.forEach(({ key }, index) => this.dueAt.set(key, startedAt + ((sent + index) * 1_000) / perSecond));
      if (batch.length > 0) publishing.push(this.publish(batch));
      sent = due;
      await delay(TICK_MS);
    }
    await Promise.all(publishing);
    await this.drained(stamps.length);
    const seconds = (performance.now() - startedAt) / 1_000;
    return figuresOf(this.latency, stamps.length / seconds);
  }

  /** One call per stamp, as gateways do it: the bus packs calls into requests that the broker's limit allows. */
  private async publish(stamps: readonly PreparedStamp[]): Promise<void> {
    const headers = { reply: this.replyTopic };
    await Promise.all(
      stamps.map(({ value }) => this.bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value, headers }])),
    );
  }

  private async drained(expected: number): Promise<void> {
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    while (this.received < expected) {
      if (performance.now() > deadline) throw this.failure(`${expected - this.received} stamps without a receipt`);
      await delay(TICK_MS);
    }
    if (this.refusals.size > 0) throw this.failure(JSON.stringify(Object.fromEntries(this.refusals)));
  }

  private failure(problem: string): Error {
    return loadErrors.error('bench-wrong-answer', { extensions: { problems: [problem] } });
  }

  private take(value: Buffer): void {
    const now = performance.now();
    for (const leaf of decode(ReceiptsSchema, value).leaves) {
      const key = Buffer.from(leaf.exchangeId).toString('latin1');
      const dueAt = this.dueAt.get(key);
      // Others' receipts, and repeats.
      if (dueAt === undefined) continue;
      this.dueAt.delete(key);
      this.received += 1;
      recordMs(this.latency, now - dueAt);
      if (leaf.refused !== '') this.refusals.set(leaf.refused, (this.refusals.get(leaf.refused) ?? 0) + 1);
    }
  }
}
