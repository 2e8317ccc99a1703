import { connectKafkaBus, type Bus, type ReceivedRecord } from '#bus';
import { correctionTopic, deadTopic, fixedTopics, receiptTopic, replyTopic, requestTopic } from '#contracts';
import { eventually } from '#testing';
import { leafHash } from '#tlog';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { operatorAt } from './bus-under-test.js';

const POPULATION = 'DEMO/GOV/1001/population';

/** Of the population registry, its consumer's gateway and what all share. */
export const topics = {
  request: requestTopic(POPULATION).name,
  receipt: receiptTopic(POPULATION).name,
  dead: deadTopic(POPULATION).name,
  gatewayReply: replyTopic('DEMO/gw1').name,
  registryReply: replyTopic('DEMO/registry1').name,
  stamp: fixedTopics.stamp.name,
  checkpoints: fixedTopics.checkpoints.name,
  snapshot: fixedTopics.snapshot.name,
  deadAudit: fixedTopics.deadAudit.name,
  opening: fixedTopics.opening.name,
  openingKey: fixedTopics.openingKey.name,
  deadFeedback: fixedTopics.deadFeedback.name,
  feedbackReply: replyTopic('DEMO/feedback1').name,
  correction: correctionTopic(POPULATION).name,
} as const;

/** Whoever has the operator's certificate at the broker: reads every topic from its beginning, and writes where it likes. */
export class TopicRecord {
  private constructor(
    readonly bus: Bus,
    private readonly read: readonly ReceivedRecord[],
  ) {}

  static async of(instance: Instance): Promise<TopicRecord> {
    const bus = await connectKafkaBus({ ...operatorAt(instance), clientId: 'stranger' });
    const read: ReceivedRecord[] = [];
    await bus.subscribe({
      topics: Object.values(topics),
      group: 'stranger',
      startAt: { kind: 'earliest' },
      maxInFlight: 1_000,
      onError: () => undefined,
      each: (record) => void read.push(record),
    });
    return new TopicRecord(bus, read);
  }

  of(topic: string): ReceivedRecord[] {
    return this.read.filter((record) => record.topic === topic);
  }

  /** The first record of a topic that is as wanted, as soon as it is there. */
  first(topic: string, isWanted: (record: ReceivedRecord) => boolean = () => true): Promise<ReceivedRecord> {
    return eventually(() => this.of(topic).find(isWanted), { timeoutMs: 20_000 });
  }

  /** Letters that came since `known` of them were there, once there are `wanted`. */
  async letters(topic: string, known: number, wanted: number): Promise<ReceivedRecord[]> {
    return eventually(
      () => {
        const letters = this.of(topic).slice(known);
        return letters.length >= wanted ? letters : undefined;
      },
      { timeoutMs: 30_000 },
    );
  }

  /** By hash of the leaf that a stamp would be: where on its topic it stood first. */
  firstStamps(): ReadonlyMap<string, bigint> {
    const first = new Map<string, bigint>();
    for (const { value, offset } of this.of(topics.stamp)) {
      const hash = leafHash(value).toString('base64url');
      if (!first.has(hash)) first.set(hash, offset);
    }
    return first;
  }

  /** The same bytes, key and headers at the same place. */
  again(records: readonly ReceivedRecord[]): Promise<void> {
    return this.bus.publish(
      records.map(({ topic, partition, key, value, headers }) => ({
        topic,
        partition,
        ...(key === null ? {} : { key }),
        value,
        headers,
      })),
    );
  }
}
