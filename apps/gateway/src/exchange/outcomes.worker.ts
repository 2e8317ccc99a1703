import { setTimeout as pause } from 'node:timers/promises';
import type { Clock, ExchangeId } from '#kernel';
import { parseStatement } from '#signing';
import type { ExchangeEvents } from './exchange-events.js';
import type { ExchangeStore, UnreceiptedPlace } from './exchange.store.js';
import type { StampsWorker } from './stamps.worker.js';

export interface OutcomesSettings {
  /** How often rows are looked through. */
  readonly everyMs: number;
  /** A row's own gateway sends its outcome first; another, or the next start, only after this. */
  readonly afterMs: number;
  readonly keepRowsMs: number;
}

const BATCH = 200;
/** Between two batches of one sweep, so that exchanges get their turn at the database. */
const PAUSE_MS = 10;
const SEQUEL_LIFE_MS = 24 * 60 * 60_000;

/**
 * Brings outcomes that only a row holds into the log: after a restart, after a full queue, for a gateway that died
 * (`bus.md` §4.8). And erases rows that have outlived their time. Killed anywhere, it only sends a duplicate.
 */
export class OutcomesWorker {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The round under way; `stop` waits for it. */
  private round: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly store: ExchangeStore,
    private readonly stamps: StampsWorker,
    private readonly hearing: () => string | undefined,
    private readonly events: ExchangeEvents,
    private readonly clock: Clock,
    private readonly settings: OutcomesSettings,
  ) {}

  start(): void {
    this.next(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** One round; public so that a test need not wait for the timer. */
  async run(): Promise<void> {
    const replyTopic = this.hearing();
    const nowMs = this.clock.now();
    if (replyTopic !== undefined) await this.keepAll(replyTopic, nowMs);
    // Keys first: a key whose row is gone could not say whose it is.
    await this.sweepAll(() => this.store.sweepKeys(nowMs, BATCH));
    await this.sweepAll(() => this.store.sweep(nowMs - this.settings.keepRowsMs, BATCH));
  }

  /** To the last row, past those that are kept already, while there is room: what finds none is found again next time. */
  private async keepAll(replyTopic: string, nowMs: number): Promise<void> {
    let behind: UnreceiptedPlace | undefined;
    while (!this.isStopped) {
      const rows = await this.store.unreceipted(nowMs - this.settings.afterMs, BATCH, behind);
      for (const { id, jws } of rows) if (!this.keep(id, jws, replyTopic, nowMs)) return;
      if (rows.length < BATCH) return;
      behind = rows.at(-1);
      await pause(PAUSE_MS);
    }
  }

  /** To the last row: what holds personal data must not outlive its time because more came than one batch. */
  private async sweepAll(sweep: () => Promise<number>): Promise<void> {
    // A short batch is not the last one: another gateway may be sweeping the same rows.
    while (!this.isStopped && (await sweep()) > 0) await pause(PAUSE_MS);
  }

  /** False if there is no room. */
  private keep(id: ExchangeId, jws: string, topic: string, nowMs: number): boolean {
    const parsed = parseStatement(jws);
    const leafHash = parsed.ok ? parsed.value.leafHash : undefined;
    const tooOld = !parsed.ok || parsed.value.payload.ts < nowMs - SEQUEL_LIFE_MS;
    // Intake takes no sequel older than a day; the bus's sweeper has stated an outcome long before.
    if (leafHash === undefined || tooOld) {
      this.done(id);
      return true;
    }
    return this.stamps.keep({
      jws,
      leafHash,
      replyTopics: [topic],
      untilMs: nowMs + SEQUEL_LIFE_MS,
      ended: () => this.done(id),
    });
  }

  private done(id: ExchangeId): void {
    this.store.markReceipted(id).catch((cause: unknown) => this.events.failed('mark-receipted', cause));
  }

  private next(inMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.round = this.run()
        .catch((cause: unknown) => this.events.failed('outcomes', cause))
        .then(() => this.next(this.settings.everyMs));
    }, inMs);
  }
}
