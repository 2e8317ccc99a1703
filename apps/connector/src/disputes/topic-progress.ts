interface PartitionProgress {
  /** Behind the newest record that was seen. */
  next: bigint;
  /** Records before it were there when reading began. */
  readonly backlogEnd: bigint;
  /** Offsets that were seen and are not done with. */
  readonly open: Set<bigint>;
}

/** How far a topic has been gone through; its records may be done with in any order. */
export class TopicProgress {
  private readonly partitions = new Map<number, PartitionProgress>();

  /** Reading begins, or begins anew after a break. */
  begin(partition: number, from: bigint, end: bigint): void {
    const known = this.partitions.get(partition);
    const isSameTopic = known !== undefined && known.backlogEnd <= end;
    const backlogEnd = isSameTopic ? known.backlogEnd : end;
    const open = [...(known?.open ?? [])].filter((offset) => isSameTopic && offset >= from);
    this.partitions.set(partition, { next: from, backlogEnd, open: new Set(open) });
  }

  /** A record came, in the order of offsets; `isOpen`: it is not done with yet. */
  saw(partition: number, offset: bigint, isOpen: boolean): void {
    const known = this.partitions.get(partition);
    if (known === undefined) return;
    known.next = offset + 1n;
    if (isOpen) known.open.add(offset);
  }

  done(partition: number, offset: bigint): void {
    this.partitions.get(partition)?.open.delete(offset);
  }

  /** Every record before it is done with; undefined where reading has not begun. */
  lowWater(partition: number): bigint | undefined {
    const known = this.partitions.get(partition);
    if (known === undefined) return undefined;
    return [...known.open].reduce((lowest, offset) => (offset < lowest ? offset : lowest), known.next);
  }

  lowWaters(): [partition: number, offset: bigint][] {
    return [...this.partitions.keys()].map((partition) => [partition, this.lowWater(partition) ?? 0n]);
  }

  /** Records that were there when reading began, and are not done with. */
  get backlog(): number {
    return this.lowWaters().reduce((sum, [partition, low]) => {
      const end = this.partitions.get(partition)?.backlogEnd ?? 0n;
      return sum + Number(end > low ? end - low : 0n);
    }, 0);
  }
}
