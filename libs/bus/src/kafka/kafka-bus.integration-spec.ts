import { uniqueName, serviceAddresses } from '#testing';
import { busContract } from '../spec-support/bus-contract.js';
import { connectKafkaBus } from './kafka-bus.js';

busContract('Kafka', async () => {
  const brokers = serviceAddresses()?.kafkaBrokers.split(',') ?? [];
  const connect = () => connectKafkaBus({ brokers, clientId: uniqueName('bus'), drainTimeoutMs: 300 });
  const bus = await connect();
  return { bus, connectAnother: connect, close: () => bus.close() };
});
