import type { Leaf } from '#contracts';

export interface Receipt {
  readonly leaf: Leaf;
  /** Of the note; empty if no key of the network signed it. */
  readonly origin: string;
  readonly size: number;
  readonly note: Buffer;
  /** Note by the log's key, and the leaf included under it. */
  readonly isProven: boolean;
}

export interface DeadLetter {
  readonly reason: string;
  readonly value: Buffer;
  /** Of the whole, where the value was cut. */
  readonly length: string | undefined;
  readonly sha256: string | undefined;
}
