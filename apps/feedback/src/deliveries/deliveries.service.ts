import type { Bus } from '#bus';
import { deliveryRecord, DeliveryWorker, Outbox, type OutgoingDelivery, type SendOutcome } from '#deliveries';
import type { SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import type { Database } from '#postgres';
import type { RegistryView } from '#snapshot';
import type { FeedbackEvents } from '../ops/feedback-metrics.service.js';

export interface DeliveriesParts {
  readonly bus: Bus;
  readonly database: Database;
  readonly copy: { current(): RegistryView | undefined };
  readonly keepMs: number;
  readonly events: Pick<FeedbackEvents, 'delivery' | 'alarm' | 'failed'>;
}

const RULE = {
  firstMs: 500,
  longestMs: 60_000,
  whenParked: 'pass',
  concurrency: 16,
  sendMs: 10_000,
  pollMs: 1_000,
} as const;
/** A broker answers within seconds: what has waited so long is held up. */
const LATE_MS = 10 * 60_000;

/**
 * Brings what feedback owes to subsystems onto their topics, at least once and in order, for as long as it takes: the
 * broker's or the registry's absence is nobody's refusal, so nothing is parked for it. What it brings is sealed for the
 * subsystem (`corrections.md` §3); feedback keeps no other form of it.
 */
export class Deliveries {
  readonly outbox = new Outbox();
  private readonly worker: DeliveryWorker;

  constructor(private readonly parts: DeliveriesParts) {
    const { database, keepMs, events } = parts;
    this.worker = new DeliveryWorker({
      database,
      rule: { ...RULE, keepMs },
      send: (delivery) => this.send(delivery),
      attempted: ({ recipient, kind, id, state, why }) => {
        events.delivery(state);
        if (state === 'parked') events.alarm('delivery-parked', { to: recipient, kind, delivery: id, why });
      },
      failed: (cause) => events.failed('deliveries', cause),
    });
  }

  start(): void {
    this.worker.start();
  }

  stop(): Promise<void> {
    return this.worker.stop();
  }

  /** A transaction that added to the outbox is committed. */
  wake(): void {
    this.worker.wake();
  }

  get sizes() {
    return this.worker.sizes;
  }

  /** For `/status`. */
  reading(): Reading {
    const { waiting, parked, oldestMs } = this.worker.sizes;
    const details = { waiting, parked };
    if (parked > 0) return { state: 'degraded', reason: 'some deliveries are parked', details };
    if (oldestMs < LATE_MS) return { state: 'ok', details };
    return { state: 'degraded', reason: 'some deliveries have waited for more than ten minutes', details };
  }

  private async send(delivery: OutgoingDelivery): Promise<SendOutcome> {
    const view = this.parts.copy.current();
    if (view === undefined) return { kind: 'again', why: 'registry-unread' };
    const topic = view.correctionsOf(delivery.recipient as SubsystemId)?.topic;
    if (topic === undefined) return { kind: 'again', why: 'recipient-unknown' };
    const value = recordOf(delivery);
    if (value === undefined) return { kind: 'refused', why: 'delivery-malformed' };
    try {
      await this.parts.bus.publish([{ topic, partition: 0, key: delivery.id, value }]);
      return { kind: 'delivered' };
    } catch (cause) {
      // The broker may hold it all the same: then it is there twice, under one id.
      this.parts.events.failed('delivery-not-sent', cause);
      return { kind: 'again', why: 'bus-unavailable' };
    }
  }
}

function recordOf(delivery: OutgoingDelivery): Uint8Array | undefined {
  try {
    return deliveryRecord(delivery);
  } catch {
    // Whoever added it sealed it otherwise; no attempt will make it right.
    return undefined;
  }
}
