import { Capacity } from '#kernel';

/** What the head of a request says of the size of its body. */
export interface DeclaredBody {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
}

/**
 * Bytes that bodies of calls under way may take together. They are reserved before the first byte is read: admission
 * counts only what is whole, and by then a thousand slow uploads have filled the memory. No consumer may hold more of
 * them than it leaves free: the slow uploads of one keep nobody else out.
 */
export class BodyBudget {
  private readonly bytes: Capacity;

  constructor(
    maxBytes: number,
    /** No body takes more: what is larger is refused while it is read. */
    private readonly maxBodyBytes: number,
  ) {
    this.bytes = new Capacity(maxBytes);
  }

  /** How to give the place back, once; undefined if there is none. */
  reserve(consumer: string, declared: DeclaredBody): (() => void) | undefined {
    return this.take(consumer, this.sizeOf(declared));
  }

  /** The same for bytes that are there already. */
  take(consumer: string, bytes: number): (() => void) | undefined {
    return this.bytes.take({ consumer, amount: bytes });
  }

  private sizeOf({ contentLength, transferEncoding }: DeclaredBody): number {
    if (contentLength !== undefined) return Math.min(Number(contentLength), this.maxBodyBytes);
    return transferEncoding === undefined ? 0 : this.maxBodyBytes;
  }
}
