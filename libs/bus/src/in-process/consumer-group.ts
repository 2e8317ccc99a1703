/** Someone who takes part in a group; told its partitions whenever the group changes. */
export interface GroupMember {
  readonly topics: readonly string[];
  assign(partitions: readonly { topic: string; partition: number }[]): void;
}

/** Members of one group and its committed offsets; offsets outlive the members, as on a broker. */
export class ConsumerGroup {
  private readonly members: GroupMember[] = [];
  private readonly committed = new Map<string, bigint>();

  constructor(private readonly partitionsOf: (topic: string) => number) {}

  join(member: GroupMember): void {
    this.members.push(member);
    this.rebalance();
  }

  leave(member: GroupMember): void {
    const index = this.members.indexOf(member);
    if (index < 0) return;
    this.members.splice(index, 1);
    member.assign([]);
    this.rebalance();
  }

  commit(topic: string, partition: number, nextOffset: bigint): void {
    this.committed.set(`${topic}/${partition}`, nextOffset);
  }

  committedOffset(topic: string, partition: number): bigint | undefined {
    return this.committed.get(`${topic}/${partition}`);
  }

  private rebalance(): void {
    const shares = new Map(this.members.map((member) => [member, [] as { topic: string; partition: number }[]]));
    for (const topic of new Set(this.members.flatMap((member) => member.topics))) {
      const takers = this.members.filter((member) => member.topics.includes(topic));
      for (let partition = 0; partition < this.partitionsOf(topic); partition += 1) {
        const taker = takers[partition % takers.length];
        if (taker !== undefined) shares.get(taker)?.push({ topic, partition });
      }
    }
    for (const [member, share] of shares) member.assign(share);
  }
}
