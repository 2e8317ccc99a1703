import { describe, expect, it } from '@jest/globals';
import { brokerPoolClass, keepLastBroker } from './broker-pool.js';

const BrokerPool = brokerPoolClass();
const addressOf = (port: number) => ({ host: '127.0.0.1', port });

/** A pool that has heard of these brokers. */
function poolOf(...ports: number[]) {
  const logger = { namespace: () => logger };
  const brokers = Object.fromEntries(
    ports.map((port, nodeId) => [nodeId, { nodeId, connectionPool: addressOf(port) }] as const),
  );
  const pool = new BrokerPool({ logger, retry: {}, connectionPoolBuilder: {} });
  return Object.assign(pool, { brokers, seedBroker: brokers[0], metadataExpireAt: 7 });
}

describe('keepLastBroker', () => {
  it('keeps the broker without which a consumer crashes, and asks for metadata anew', () => {
    const forgetful = poolOf(1);
    BrokerPool.prototype.removeBroker.call(forgetful, addressOf(1));
    // The fault: if a new kafkajs mends it, the override can go.
    expect(Object.keys(forgetful.brokers)).toEqual([]);
    keepLastBroker();
    const pool = poolOf(1);
    BrokerPool.prototype.removeBroker.call(pool, addressOf(1));
    expect(Object.keys(pool.brokers)).toEqual(['0']);
    expect(pool.metadataExpireAt).toBeNull();
  });

  it('forgets one of many, as ever', () => {
    keepLastBroker();
    const pool = poolOf(1, 2);
    BrokerPool.prototype.removeBroker.call(pool, addressOf(2));
    expect(Object.keys(pool.brokers)).toEqual(['0']);
  });
});
