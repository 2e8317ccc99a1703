import { Kafka, logLevel } from 'kafkajs';
import type { Bus, OutgoingRecord, ReceivedRecord } from '#bus';
import type { TopicSpec } from '#contracts';
import { eventually, uniqueName } from '#testing';
import { PATIENCE } from './audit-process.js';

/** What the operator of a broker can do to a topic of one partition. */
export class TopicTools {
  constructor(
    private readonly brokers: string,
    private readonly bus: Bus,
  ) {}

  /** Takes every record before that offset away (`kafka-delete-records`). */
  async truncate(topic: string, before: bigint): Promise<void> {
    await this.asAdmin(async (admin) => {
      // kafkajs knows the leaders of topics only that it was asked about before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
    });
    await eventually(async () => (await this.bus.earliestOffset(topic, 0)) === before, PATIENCE);
  }

  /** The topic is gone, and an empty one stands under its name. */
  async makeAnew(spec: TopicSpec): Promise<void> {
    await this.asAdmin((admin) => admin.deleteTopics({ topics: [spec.name] }));
    // The broker forgets a topic after it has said so.
    await eventually(async () => {
      await this.bus.ensureTopics([spec]);
      return (await this.bus.endOffset(spec.name, 0)) === 0n;
    }, PATIENCE);
  }

  /** The last records of a topic, in order; fewer if it holds fewer. */
  async last(topic: string, count: number): Promise<ReceivedRecord[]> {
    const end = await this.bus.endOffset(topic, 0);
    const from = end > BigInt(count) ? end - BigInt(count) : 0n;
    const records: ReceivedRecord[] = [];
    const subscription = await this.bus.subscribe({
      topics: [topic],
      group: uniqueName('tools'),
      startAt: { kind: 'stored', nextOffset: () => Promise.resolve(from) },
      maxInFlight: 1_000,
      onError: () => undefined,
      each: (record) => void records.push(record),
    });
    await eventually(() => (records.at(-1)?.offset ?? -1n) >= end - 1n, PATIENCE);
    await subscription.stop();
    return records.filter(({ offset }) => offset < end);
  }

  /** The same bytes under the same headers, as a broker that redelivers has them. */
  async produceAgain(records: readonly ReceivedRecord[]): Promise<void> {
    const again = records.map(({ topic, partition, value, headers }): OutgoingRecord => {
      return { topic, partition, value, headers };
    });
    for (let at = 0; at < again.length; at += 200) await this.bus.publish(again.slice(at, at + 200));
  }

  private async asAdmin(work: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>): Promise<void> {
    const kafka = new Kafka({ brokers: [this.brokers], clientId: 'operator', logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
