import Group from 'kafkajs/src/consumer/consumerGroup.js';

/** The part of kafkajs' `ConsumerGroup` that the override touches; not in its type declarations. */
export interface ConsumerGroup {
  /** Milliseconds since the epoch of the last heartbeat. */
  lastRequest: number;
  heartbeat(options: { readonly interval: number }): Promise<void>;
}

interface ConsumerGroupClass {
  new (options: object): ConsumerGroup;
  prototype: { heartbeat: (this: ConsumerGroup, options: { readonly interval: number }) => Promise<void> };
}

/** kafkajs' own class: one per consumer. */
export function consumerGroupClass(): ConsumerGroupClass {
  const found: unknown = Group;
  return found as ConsumerGroupClass;
}

const original = consumerGroupClass().prototype.heartbeat;

function beatAlsoWhenSetBack(this: ConsumerGroup, options: { readonly interval: number }): Promise<void> {
  if (this.lastRequest > Date.now()) this.lastRequest = 0;
  return original.call(this, options);
}

/**
 * kafkajs 2.2.4 compares the system's clock with its own last heartbeat: set back by an hour, it sends none for an hour.
 * The broker gives the partitions to others while this member goes on fetching them and can commit nothing. Once per
 * process, before the first connection; more often does no harm.
 */
export function keepHeartbeats(): void {
  consumerGroupClass().prototype.heartbeat = beatAlsoWhenSetBack;
}
