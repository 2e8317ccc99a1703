export interface TopicRange {
  /** Offset of the oldest record. */
  readonly earliest: bigint;
  /** Offset after the newest. */
  readonly end: bigint;
}

/** Whether what is to be read next is there, or comes next. A log that has read nothing begins with what there is. */
export function holds({ earliest, end }: TopicRange, nextOffset: bigint): boolean {
  return nextOffset <= end && (earliest <= nextOffset || nextOffset === 0n);
}
