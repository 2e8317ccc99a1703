import type { Bus } from '#bus';
import { testingErrors } from './eventually.js';
import { serviceAddresses } from './service-addresses.js';
import { uniqueName } from './unique-name.js';

/** A connection to the real broker of this run, closed by the caller. Topics are shared: use names of your own. */
export async function testBus(clientId = uniqueName()): Promise<Bus> {
  const addresses = serviceAddresses();
  if (addresses === undefined) throw testingErrors.error('no-services');
  // Loaded when wanted: unit specs use this library without a Kafka client.
  const { connectKafkaBus } = await import('#bus');
  return connectKafkaBus({ brokers: addresses.kafkaBrokers.split(','), clientId });
}
