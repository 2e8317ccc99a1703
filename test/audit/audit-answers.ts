import { encode, message, ReceiptsSchema, type Leaf } from '#contracts';

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

/** As the registry publishes it with its manifest; empty if there is none. */
export function receiptBytes(receipt: Receipt | undefined): Uint8Array {
  if (receipt === undefined) return new Uint8Array();
  const { note, size, leaf } = receipt;
  return encode(ReceiptsSchema, message(ReceiptsSchema, { note, size: BigInt(size), leaves: [leaf] }));
}
