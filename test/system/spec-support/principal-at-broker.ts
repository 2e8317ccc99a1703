import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:tls';
import type { KafkaTlsPlace } from '../../../apps/sandbox/src/instance/app-plan.js';

/** The part of kafkajs' own `Broker` that asks single questions; not in its type declarations. */
interface RawBroker {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  produce(request: object): Promise<unknown>;
  fetch(request: object): Promise<unknown>;
  offsetFetch(request: object): Promise<unknown>;
}

const load = createRequire(import.meta.url);
const Broker = load('kafkajs/src/broker/index.js') as new (options: object) => RawBroker;
const poolBuilder = load('kafkajs/src/cluster/connectionPoolBuilder.js') as (options: object) => {
  build(): Promise<object>;
};
const nothing = () => undefined;
const logger: object = { namespace: () => logger, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** No topic has it: who is let through hears that, and nothing is read or written. */
const NO_PARTITION = 999;

/** A certificate, and what the broker answers to whoever holds it. One question, one request, no retry. */
export class PrincipalAtBroker {
  private constructor(private readonly broker: RawBroker) {}

  static async connect(address: string, { caFile, certFile, keyFile }: KafkaTlsPlace): Promise<PrincipalAtBroker> {
    const [ca, cert, key] = [caFile, certFile, keyFile].map((file) => readFileSync(file, 'utf8'));
    const socketFactory = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) =>
      connect({ host, port, ca: ca ?? '', cert: cert ?? '', key: key ?? '' }, onConnect);
    const pool = { socketFactory, brokers: [address], clientId: 'principal', ssl: true, logger };
    const connectionPool = await poolBuilder({ ...pool, connectionTimeout: 10_000, requestTimeout: 10_000 }).build();
    const broker = new Broker({ connectionPool, logger, allowAutoTopicCreation: false });
    await broker.connect();
    return new PrincipalAtBroker(broker);
  }

  /** `allowed`, or the broker's own word. */
  write(topic: string): Promise<string> {
    const messages = [{ key: null, value: Buffer.from('x'), headers: {}, timestamp: Date.now() }];
    const topicData = [{ topic, partitions: [{ partition: NO_PARTITION, messages }] }];
    return wordOf(this.broker.produce({ topicData, acks: -1, timeout: 5_000 }));
  }

  read(topic: string): Promise<string> {
    const partitions = [{ partition: NO_PARTITION, fetchOffset: '0', maxBytes: 1_024 }];
    const request = { replicaId: -1, isolationLevel: 0, maxWaitTime: 0, minBytes: 0, maxBytes: 1_024 };
    return wordOf(this.broker.fetch({ ...request, topics: [{ topic, partitions }] }));
  }

  group(groupId: string): Promise<string> {
    return wordOf(this.broker.offsetFetch({ groupId, topics: [] }));
  }

  close(): Promise<void> {
    return this.broker.disconnect();
  }
}

async function wordOf(asking: Promise<unknown>): Promise<string> {
  try {
    await asking;
    return 'allowed';
  } catch (cause) {
    const type = typeof cause === 'object' && cause !== null && 'type' in cause ? String(cause.type) : String(cause);
    return type === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'allowed' : type;
  }
}
