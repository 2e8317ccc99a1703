import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startKafka, startPostgres } from '#local';
import { givenAddresses, type ServiceAddresses } from './service-addresses.js';

export interface RunningServices {
  readonly addresses: ServiceAddresses;
  stop(): Promise<void>;
}

/** One PostgreSQL and one Kafka in a temporary directory, on free ports; what is given by the environment is used. */
export async function startServices(): Promise<RunningServices> {
  const given = givenAddresses();
  const directory = await mkdtemp(join(tmpdir(), 'kerege-test-'));
  // PostgreSQL may run as another user, who has to get through.
  await chmod(directory, 0o755);
  const startingDatabase = given.databaseUrl === undefined ? postgres(directory) : elsewhere(given.databaseUrl);
  const startingBroker = given.kafkaBrokers === undefined ? kafka(directory) : elsewhere(given.kafkaBrokers);
  const started = await Promise.allSettled([startingDatabase, startingBroker] as const);
  const [database, broker] = started;
  const stop = async () => {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : Promise.resolve())));
    await rm(directory, { recursive: true, force: true });
  };
  if (database.status === 'fulfilled' && broker.status === 'fulfilled')
    return { addresses: { databaseUrl: database.value.address, kafkaBrokers: broker.value.address }, stop };
  // One of them failed: the other must not stay behind.
  await stop();
  throw started.find((one) => one.status === 'rejected')?.reason;
}

/** Not ours to stop. */
function elsewhere(address: string) {
  return Promise.resolve({ address, stop: () => Promise.resolve() });
}

async function postgres(directory: string) {
  const server = await startPostgres({
    dataDir: join(directory, 'postgres'),
    port: await freePort(),
    password: randomBytes(12).toString('hex'),
    logFile: join(directory, 'postgres.log'),
    durable: false,
    maxConnections: 300,
  });
  return { address: server.url, stop: () => server.stop() };
}

async function kafka(directory: string) {
  const broker = await startKafka({
    dataDir: join(directory, 'kafka'),
    port: await freePort(),
    controllerPort: await freePort(),
    logFile: join(directory, 'kafka.log'),
  });
  return { address: broker.brokers, stop: () => broker.stop() };
}
