import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startKafka } from '#local';
import { startKafkaProxy, uniqueName, type KafkaProxy } from '#testing';
import type { Bus } from '../bus.js';
import { connectKafkaBus, type KafkaBusOptions } from '../kafka/kafka-bus.js';

export interface BrokerBehindProxy {
  readonly proxy: KafkaProxy;
  /** A client that meets every fault; time limits are short, so that a lost answer costs a test no seconds. */
  connect(options?: Partial<KafkaBusOptions>): Promise<Bus>;
  /** A client beside the proxy: what it sees is the truth. */
  connectDirectly(): Promise<Bus>;
  stop(): Promise<void>;
}

/** A real broker of its own, with a second listener that is advertised at the proxy's port. */
export async function startBrokerBehindProxy(): Promise<BrokerBehindProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'kerege-bus-'));
  const [port, controllerPort, faultyPort, proxyPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const broker = await startKafka({
    dataDir: join(directory, 'kafka'),
    port,
    controllerPort,
    logFile: join(directory, 'kafka.log'),
    heapMb: 320,
    extraListeners: [{ name: 'FAULTY', port: faultyPort, advertisedPort: proxyPort }],
  });
  const proxy = await startKafkaProxy({ port: proxyPort, brokerPort: faultyPort });
  const connect = (to: number, options: Partial<KafkaBusOptions> = {}) =>
    connectKafkaBus({ brokers: [`127.0.0.1:${to}`], clientId: uniqueName('bus'), drainTimeoutMs: 300, ...options });
  return {
    proxy,
    connect: (options) => connect(proxyPort, { requestTimeoutMs: 500, connectionTimeoutMs: 500, ...options }),
    connectDirectly: () => connect(port),
    stop: async () => {
      await proxy.close();
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
