import { randomUUID } from 'node:crypto';
import { Rounds, type Reading } from '#platform';
import { CHANNELS, type Channel, type DeliveryState } from './notification.js';
import type { ClaimedDelivery, DeliverySizes, NoticeDeliveryStore } from './notice-delivery.store.js';
import type { Handover, Sending } from './sending.service.js';
import { afterTransmission, type AttemptRule, type Transmission } from './transmission.js';

/** What became of an attempt, without anything of the person. */
export interface NoticeOutcome {
  readonly channel: Channel;
  readonly state: DeliveryState;
  readonly delivery: string;
  readonly why: string | undefined;
}

export interface NotificationWorkerParts {
  readonly store: NoticeDeliveryStore;
  readonly sending: Pick<Sending, 'prepare'>;
  readonly rule: AttemptRule;
  /** Longer than anything that is done with a delivery: who holds it is dead when it is over. */
  readonly leaseMs: number;
  readonly intervalMs: number;
  readonly told: (outcome: NoticeOutcome) => void;
  readonly failed: (cause: unknown) => void;
}

/** At once by one process, on one channel. */
export const AT_ONCE = 8;
const LATE_MS = 10 * 60_000;
const NONE: DeliverySizes = { waiting: 0, overdueMs: 0 };

/**
 * Brings notifications out of the inbox to where persons look. Each channel goes by itself, so that a mail server that is
 * silent holds up no push. Several processes may do it side by side: a claimed delivery is left alone until its lease
 * ends. `SENDING` is written before anything leaves, so that after a crash it is known that it may have left.
 */
export class NotificationWorker {
  private readonly lanes: readonly Lane[];

  constructor(parts: NotificationWorkerParts) {
    this.lanes = CHANNELS.map((channel) => new Lane(channel, parts));
  }

  start(): void {
    for (const { rounds } of this.lanes) rounds.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.lanes.map(({ rounds }) => rounds.stop()));
  }

  /** A transaction that added notifications is committed. */
  wake(): void {
    for (const { rounds } of this.lanes) rounds.soon();
  }

  /** Of a channel; as they were counted last. */
  waiting(channel: Channel): number {
    return this.lanes.find((lane) => lane.channel === channel)?.sizes.waiting ?? 0;
  }

  /** For `/status`. */
  reading(): Reading {
    const details = Object.fromEntries(this.lanes.map(({ channel, sizes }) => [channel, sizes.waiting]));
    const late = this.lanes.filter(({ sizes }) => sizes.overdueMs >= LATE_MS).map(({ channel }) => channel);
    if (late.length === 0) return { state: 'ok', details };
    return { state: 'degraded', reason: `notifications stand still for ten minutes: ${late.join(', ')}`, details };
  }
}

class Lane {
  readonly rounds: Rounds;
  /** Written by each round. */
  sizes = NONE;

  constructor(
    readonly channel: Channel,
    private readonly parts: NotificationWorkerParts,
  ) {
    this.rounds = new Rounds(() => this.round(), parts.failed, parts.intervalMs);
  }

  private async round(): Promise<number> {
    const { store, leaseMs, rule, told, intervalMs } = this.parts;
    const { channel } = this;
    for (const { id, state } of await store.recover(channel, rule.giveUpMs))
      told({ channel, state, delivery: id, why: 'interrupted' });
    const claimed = await store.claim(channel, randomUUID(), leaseMs, AT_ONCE);
    await Promise.all(claimed.map((one) => this.guarded(one)));
    this.sizes = await store.sizes(channel);
    return claimed.length === AT_ONCE ? 0 : intervalMs;
  }

  /** What fails here is not the person’s: the lease ends, and it is looked at again. */
  private async guarded(delivery: ClaimedDelivery): Promise<void> {
    try {
      await this.deliver(delivery);
    } catch (cause) {
      this.parts.failed(cause);
    }
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    const { store, leaseMs, rule, told } = this.parts;
    const prepared = await this.prepared(delivery);
    if ('hand' in prepared && !(await store.begin(delivery, leaseMs))) return;
    // A crash from here to `settle` leaves SENDING: it may have arrived.
    const transmission = 'hand' in prepared ? await prepared.hand() : prepared;
    const { channel, id } = delivery;
    const verdict = afterTransmission(channel, transmission, delivery, rule);
    if (await store.settle(delivery, verdict)) told({ channel, state: verdict.state, delivery: id, why: verdict.why });
  }

  /** Nothing has left where this fails: it is tried again after a pause, so that it is in nobody's way. */
  private async prepared(delivery: ClaimedDelivery): Promise<Handover | Transmission> {
    try {
      return await this.parts.sending.prepare(delivery);
    } catch (cause) {
      this.parts.failed(cause);
      return { kind: 'again', why: 'prepare-failed' };
    }
  }
}
