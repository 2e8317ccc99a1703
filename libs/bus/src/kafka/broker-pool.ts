import Pool from 'kafkajs/src/cluster/brokerPool.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** The part of kafkajs' `BrokerPool` that the override touches; not in its type declarations. */
export interface BrokerPool {
  readonly brokers: Readonly<Record<string, unknown>>;
  /** Null: asked for before the next fetch. */
  metadataExpireAt: number | null;
}

interface BrokerPoolClass {
  new (options: object): BrokerPool;
  prototype: { removeBroker: (this: BrokerPool, address: Address) => void };
}

/** kafkajs' own class: one pool per client, consumer and producer. */
export function brokerPoolClass(): BrokerPoolClass {
  const found: unknown = Pool;
  return found as BrokerPoolClass;
}

const original = brokerPoolClass().prototype.removeBroker;

function removeAllButTheLast(this: BrokerPool, address: Address): void {
  if (Object.keys(this.brokers).length > 1) original.call(this, address);
  else this.metadataExpireAt = null;
}

/**
 * kafkajs 2.2.4 forgets a broker whose connection closed, and a consumer that knows none any more crashes, whatever its
 * retries: the next one has to wait until the group has missed it, six seconds after the broker's return. Kept, the
 * broker is connected to again, by the same member of the group. Once per process, before the first connection; more
 * often does no harm.
 */
export function keepLastBroker(): void {
  brokerPoolClass().prototype.removeBroker = removeAllButTheLast;
}
