import type { BatchSubscription, EachSubscription } from '../bus.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import { PartitionLane } from '../delivery/partition-lane.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The lanes of a subscription by partition. They outlive consumers where the work in them is still ours. */
export class LaneSet {
  private readonly lanes = new Map<string, PartitionLane>();

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly options: EachSubscription | BatchSubscription,
  ) {}

  get(topic: string, partition: number): PartitionLane | undefined {
    return this.lanes.get(`${topic}/${partition}`);
  }

  all(): IterableIterator<PartitionLane> {
    return this.lanes.values();
  }

  /**
   * Keeps the lanes of partitions that we still have, closes the others, and returns the partitions that are new.
   *
   * `isSameMember`: the group never gave our partitions to anybody else in between. If it may have, then with committed
   * or stored offsets somebody else may be ahead of us, so everything starts from those again; with `latest` and
   * `earliest` the group is ours alone, and reading goes on where it was.
   */
  assign(
    partitions: readonly TopicPartition[],
    isSameMember: boolean,
  ): { kept: PartitionLane[]; fresh: PartitionLane[] } {
    const { kind } = this.options.startAt;
    const isKept = isSameMember || kind === 'latest' || kind === 'earliest';
    const wanted = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`));
    for (const [id, lane] of this.lanes) {
      if (wanted.has(id) && isKept && lane.nextOffset !== undefined) continue;
      this.dispatcher.closeLane(lane);
      this.lanes.delete(id);
    }
    const kept = [...this.lanes.values()];
    const fresh = partitions.filter(({ topic, partition }) => this.get(topic, partition) === undefined);
    return { kept, fresh: fresh.map(({ topic, partition }) => this.openLane(topic, partition)) };
  }

  private openLane(topic: string, partition: number): PartitionLane {
    const lane = new PartitionLane(topic, partition, this.options.maxInFlight);
    this.lanes.set(`${topic}/${partition}`, lane);
    this.dispatcher.open(lane);
    return lane;
  }
}
