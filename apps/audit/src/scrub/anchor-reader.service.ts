import type { Anchor } from './anchor-check.js';
import type { ScrubStore } from './scrub.store.js';

const ROWS_PER_PAGE = 1_000;

/** Reads a log's anchors in order of size, beside its leaves. */
export class AnchorReader {
  private ahead: Anchor[] = [];
  private last: Omit<Anchor, 'data'>;
  /** All anchors of sizes up to that one are read; moved by `read`. */
  private readTo: number;

  /** From the anchors of size `first` on, to those of size `end`. */
  constructor(
    private readonly store: Pick<ScrubStore, 'anchorsAfter'>,
    first: number,
    private readonly end: number,
  ) {
    this.last = { size: first, kind: '', source: '' };
    this.readTo = first - 1;
  }

  /** The next few of those up to `size`; none: there are no more. */
  async next(size: number): Promise<Anchor[]> {
    if (this.ahead.length === 0 && this.readTo < size) await this.read();
    const beyond = this.ahead.findIndex((anchor) => anchor.size > size);
    return this.ahead.splice(0, beyond < 0 ? this.ahead.length : beyond);
  }

  private async read(): Promise<void> {
    this.ahead = await this.store.anchorsAfter(this.last, this.end, ROWS_PER_PAGE);
    this.last = this.ahead.at(-1) ?? this.last;
    // The page may have ended in the middle of a size.
    this.readTo = this.ahead.length < ROWS_PER_PAGE ? this.end : this.last.size - 1;
  }
}
