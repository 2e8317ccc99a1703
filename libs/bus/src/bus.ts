import type { BusRight, TopicSpec } from '#contracts';

/** A record to publish. The partition is always explicit (`kafka.md` §2); `partitionOf` makes it from a key. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key?: Uint8Array | string;
  /** `null` only to delete a key of a compacted topic. */
  readonly value: Uint8Array | null;
  /** Several values under one name are several Kafka headers (`reply` of a stamp). */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface ReceivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds; the broker's own time on topics with `brokerTime`. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  /** Every value of a name, in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Where a subscription starts on each partition that it is given. */
export type StartAt =
  | { readonly kind: 'latest' }
  | { readonly kind: 'earliest' }
  /** The group's committed offset, else earliest. The subscription commits what is settled (low-water mark). */
  | { readonly kind: 'committed' }
  /**
   * An offset that is stored with the effect, e.g. `next_offset` of `log_head`; asked again at each assignment. One
   * beyond the end of the partition is told of (`bus-offset-beyond-end`) and asked again: nothing is read until then.
   */
  | { readonly kind: 'stored'; readonly nextOffset: (topic: string, partition: number) => Promise<bigint> };

interface SubscriptionBase {
  readonly topics: readonly string[];
  /**
   * Unique per instance where every instance must see everything; shared where work is divided, which takes `committed`:
   * with every other start the group is the subscription's own, and its broker may know it by longer names.
   */
  readonly group: string;
  readonly startAt: StartAt;
  /** Records handed over but not settled, at most; beyond it the partition is paused. */
  readonly maxInFlight: number;
  /** What escaped a handler: by default the record is dead-lettered nowhere and logged; never stops the loop. */
  readonly onError: (cause: unknown, records: readonly ReceivedRecord[]) => void;
}

/** `each`: up to `maxInFlight` records at once; a record is settled when its promise settles. */
export interface EachSubscription extends SubscriptionBase {
  readonly each: (record: ReceivedRecord) => void | Promise<void>;
}

/**
 * `batch`: in partition order, one batch at a time, the next one formed from all that arrived meanwhile (≤ `maxBatch`).
 * A rejected batch is handed over again from its first record after a back-off, until `stop`: order is never broken.
 */
export interface BatchSubscription extends SubscriptionBase {
  readonly batch: (records: readonly ReceivedRecord[]) => Promise<void>;
  readonly maxBatch: number;
}

/** One partition as its reader has it. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the record that is fetched next; undefined until it is known. */
  readonly position: bigint | undefined;
  /** Records that were fetched and are not settled. */
  readonly unsettled: number;
}

/** How a subscription stands; read when an operator asks, and costs nothing otherwise. */
export interface SubscriptionState {
  readonly topics: readonly string[];
  readonly isAssigned: boolean;
  readonly lastFetchAtMs: number;
  /** Consumers that crashed or fell silent and were replaced, and when the last one was (since the epoch). */
  readonly replaced: number;
  readonly replacedAtMs: number | undefined;
  readonly partitions: readonly PartitionState[];
}

export interface BusState {
  /** Calls of `publish`, and their bytes, that wait for the request under way. */
  readonly queuedCalls: number;
  readonly queuedBytes: number;
  readonly subscriptions: readonly SubscriptionState[];
}

export interface Subscription {
  /** Milliseconds since the epoch of the last completed fetch, also an empty one; the watchdog looks at it. */
  lastFetchAtMs(): number;
  /** Milliseconds since the epoch of the broker's last answer to it; 0 before the first one of a new consumer. */
  lastAnswerAtMs(): number;
  /** True while the group has given us partitions. */
  isAssigned(): boolean;
  state(): SubscriptionState;
  /** Leaves the group cleanly; resolves when nothing of it is in flight. */
  stop(): Promise<void>;
}

export interface GrantedRights {
  readonly rights: readonly BusRight[];
  /** Entries that allow something that a `BusRight` cannot say, e.g. every operation at once, or from one host. */
  readonly others: number;
}

/** The broker's access lists. Registry only: whoever may write them may give himself everything. */
export interface BusAccess {
  /** Everything that is allowed to anybody, whoever wrote it; undefined: the broker keeps no lists and lets all do all. */
  granted(): Promise<GrantedRights | undefined>;
  /** Resolves when they count. A right that is there already is no error. */
  grant(rights: readonly BusRight[]): Promise<void>;
  /** Exactly these; what is not there is no error. */
  revoke(rights: readonly BusRight[]): Promise<void>;
}

/**
 * What every app sees of the broker.
 *
 * Durability: `publish` resolves when every in-sync replica holds every record of the call (`acks=-1`); order within a
 * call and partition is kept. At least once: an acknowledgement that was lost makes duplicates, so each record carries
 * its own id and readers drop what they know. A rejected `publish` may still have stored some or all of its records.
 */
export interface Bus {
  /** Coalesced with concurrent calls into one produce request. Rejects with `bus-unavailable` or `bus-overloaded`. */
  publish(records: readonly OutgoingRecord[]): Promise<void>;
  /** Resolves after the group has joined *and* the first fetch has completed: nothing sent from now on is missed. */
  subscribe(options: EachSubscription | BatchSubscription): Promise<Subscription>;
  /** Creates what is missing and waits for leaders; changes nothing that exists. Registry only. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Offset after the last record of a partition. */
  endOffset(topic: string, partition: number): Promise<bigint>;
  /** Offset of the oldest record that a partition still holds; the end offset if it holds none. */
  earliestOffset(topic: string, partition: number): Promise<bigint>;
  /** True if the broker answered within the last few seconds, or answers now. */
  isReachable(): Promise<boolean>;
  /** Queues and subscriptions as they stand now; for metrics and status. */
  state(): BusState;
  /** Absent where there is no broker that could keep lists. */
  readonly access?: BusAccess;
  /** Sends what is queued, leaves all groups, closes. */
  close(): Promise<void>;
}
