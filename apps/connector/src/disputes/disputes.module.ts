import type { Bus } from '#bus';
import type { Clock, SubsystemId } from '#kernel';
import type { RegistryCopy } from '#registry-copy';
import type { KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import type { ConnectorConfig } from '../connector.config.js';
import type { CaseClients } from '../corrections/case-clients.service.js';
import type { DispatchEvents } from '../dispatch/dispatch-events.js';
import { disputeEvents, type ConnectorMetrics } from '../ops/connector-metrics.service.js';
import { DisputeStore } from './dispute.store.js';
import { Disputes } from './disputes.service.js';
import { FeedbackWatch } from './feedback-watch.worker.js';
import { FlagConsumer, type FlagConsumerParts } from './flag.consumer.js';

export interface DisputesContext {
  readonly config: ConnectorConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly keys: KeyRing;
  readonly copy: RegistryCopy;
  readonly database: FlagConsumerParts['database'];
  readonly noticeAddresses: ReadonlyMap<SubsystemId, unknown>;
  readonly clients: CaseClients;
  readonly processId: string;
  readonly metrics: ConnectorMetrics;
  readonly events: DispatchEvents;
}

export interface DisputeServices {
  readonly disputes: Disputes;
  /** Resolves when the table was read, or that has failed. */
  start(): Promise<void>;
  /** Called with each view. */
  follow(view: RegistryView): void;
  stop(): Promise<void>;
}

/** What marks answers, what brings it its flags, and what looks whether any are missing. */
export function disputesOf(context: DisputesContext): DisputeServices {
  const { bus, clock, config, copy: registry, database, keys, clients, noticeAddresses, processId } = context;
  const subsystems = [...noticeAddresses.keys()];
  const told = disputeEvents(context.metrics, context.events);
  const store = new DisputeStore();
  const feed: FlagConsumer = new FlagConsumer({
    ...{ bus, database, store, subsystems, keys, clock, processId, failed: told.failed },
    hasRoom: () => disputes.hasRoom,
    taken: () => disputes.wake(),
  });
  const feedback = new FeedbackWatch({
    ...{ clients, subsystems, clock },
    failed: (cause) => told.failed('dispute-feedback', cause),
  });
  const disputes: Disputes = new Disputes({
    ...{ database, store, subsystems, keys, clock, registry, feed, feedback, keepMs: config.noticeKeepMs },
    ...told,
  });
  return {
    disputes,
    start: async () => {
      feed.start();
      feedback.start();
      await disputes.start();
    },
    follow: (view) => feed.follow(view),
    stop: async () => {
      await Promise.all([feed.stop(), feedback.stop()]);
      await disputes.stop();
    },
  };
}
