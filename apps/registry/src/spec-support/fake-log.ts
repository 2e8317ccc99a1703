import type { Bus, OutgoingRecord, ReceivedRecord, Subscription } from '#bus';
import { encode, fixedTopics, message, ReceiptsSchema } from '#contracts';
import { sha256 } from '#kernel';
import { statementLeafHash } from '#signing';
import { uniqueName } from '#testing';
import { checkpointText, ed25519Seed, GrowingTree, noteSigner, signNote } from '#tlog';

export const ORIGIN = 'audit.demo.example/DEMO/0/2026h2';

/** The fixed topics are everybody's; a prefix gives this file its own. */
export function ownTopics(bus: Bus, prefix: string): Bus {
  const own = (topic: string) => `${prefix}.${topic}`;
  const bare = (record: ReceivedRecord) => ({ ...record, topic: record.topic.slice(prefix.length + 1) });
  return {
    publish: (records) =>
      bus.publish(records.map((record: OutgoingRecord) => ({ ...record, topic: own(record.topic) }))),
    subscribe: (options) =>
      bus.subscribe({
        ...options,
        topics: options.topics.map(own),
        ...('each' in options
          ? { each: (record: ReceivedRecord) => options.each(bare(record)) }
          : { batch: (records: readonly ReceivedRecord[]) => options.batch(records.map(bare)) }),
      }),
    ensureTopics: (topics) => bus.ensureTopics(topics.map((topic) => ({ ...topic, name: own(topic.name) }))),
    endOffset: (topic, partition) => bus.endOffset(own(topic), partition),
    earliestOffset: (topic, partition) => bus.earliestOffset(own(topic), partition),
    isReachable: () => bus.isReachable(),
    state: () => bus.state(),
    close: () => bus.close(),
  };
}

/** A log as the registry sees it: takes stamps, answers with receipts; can be told to refuse or to be silent. */
export class FakeLog {
  readonly leaves: string[] = [];
  mode: 'answer' | 'silent' | 'want-snapshot' = 'answer';
  stamps = 0;
  private readonly key = ed25519Seed(sha256('log'));
  private readonly signer = noteSigner(ORIGIN, this.key.publicKey, this.key.sign);
  private subscription: Subscription | undefined;
  readonly vkey = this.signer.vkey;

  async start(bus: Bus): Promise<void> {
    this.subscription = await bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: uniqueName(),
      startAt: { kind: 'earliest' },
      maxInFlight: 1,
      onError: () => undefined,
      each: (record) => this.take(bus, record),
    });
  }

  stop(): Promise<void> | undefined {
    return this.subscription?.stop();
  }

  private async take(bus: Bus, record: ReceivedRecord): Promise<void> {
    this.stamps += 1;
    if (this.mode === 'silent') return;
    const statement = record.value.toString();
    const leafHash = statementLeafHash(statement);
    const refused = this.mode === 'want-snapshot' ? 'snapshot-unknown' : '';
    this.mode = 'answer';
    if (refused === '' && !this.leaves.includes(statement)) this.leaves.push(statement);
    const at = refused === '' ? this.leaves.indexOf(statement) : this.leaves.length;
    const before = this.leaves.slice(0, at).map(statementLeafHash);
    const tree = before.length === 0 ? GrowingTree.empty() : GrowingTree.empty().extend(before).next;
    const extension = tree.extend(refused === '' ? this.leaves.slice(at).map(statementLeafHash) : [leafHash]);
    const note = await signNote(checkpointText(ORIGIN, extension.size, extension.root), [this.signer]);
    const leaf = refused === '' ? { leafHash, index: BigInt(at), path: extension.path(at) } : { leafHash, refused };
    const receipts = message(ReceiptsSchema, { note: Buffer.from(note), size: BigInt(extension.size), leaves: [leaf] });
    const value = encode(ReceiptsSchema, receipts);
    for (const topic of record.headers['reply'] ?? []) await bus.publish([{ topic, partition: 0, value }]);
  }
}
