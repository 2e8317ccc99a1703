/** `PGCOPY\n\377\r\n\0`, flags, and the length of an extension that there is none of. */
const HEADER_BYTES = 19;
const NO_MORE = -1;
const UINT32 = 2 ** 32;

/**
 * What `COPY … TO STDOUT (FORMAT binary)` sends, read field by field in the order of the columns. Whoever reads knows what
 * they are. A NULL reads as nothing: no bytes, no text, NaN.
 */
export class CopiedRows {
  private at = HEADER_BYTES;

  /** `bytes` are not to be changed any more: fields are parts of them. */
  constructor(private readonly bytes: Buffer) {}

  /** Moves to the next row, whose fields then follow; false behind the last. All fields of the row before have to be read. */
  next(): boolean {
    const fields = this.bytes.readInt16BE(this.at);
    this.at += 2;
    return fields !== NO_MORE;
  }

  /** A `bytea`. */
  binary(): Buffer {
    const start = this.enter();
    return this.bytes.subarray(start, this.at);
  }

  text(): string {
    const start = this.enter();
    return this.bytes.toString('utf8', start, this.at);
  }

  /** A `bigint` that a number holds exactly. */
  bigint(): number {
    const start = this.enter();
    if (start === this.at) return Number.NaN;
    return this.bytes.readInt32BE(start) * UINT32 + this.bytes.readUInt32BE(start + 4);
  }

  /** Where the next field begins; moves to its end. */
  private enter(): number {
    const start = this.at + 4;
    this.at = start + Math.max(0, this.bytes.readInt32BE(this.at));
    return start;
  }
}
