import { isYoung, type Clock } from '#kernel';

interface Head {
  readonly size: number;
  readonly note: string;
}

/**
 * The newest head that this process has seen. A log only grows, so an old head stays true: it is served as the
 * checkpoint for a second, and as a lower bound for tiles for as long as it suffices.
 */
export class HeadCache {
  private static readonly MAX_AGE_MS = 1_000;
  /** Written by `load` only; never replaced by a smaller one. */
  private head: Head | undefined;
  private loadedAtMs = -Infinity;

  constructor(
    private readonly read: () => Promise<Head | undefined>,
    private readonly clock: Clock,
  ) {}

  /** At most a second old. Undefined: the log has no head yet. */
  async recent(): Promise<Head | undefined> {
    return isYoung(this.loadedAtMs, HeadCache.MAX_AGE_MS, this.clock.now()) ? this.head : this.load();
  }

  /** A head with at least `size` leaves, if the log has them by now. */
  async holding(size: number): Promise<Head | undefined> {
    if (this.head !== undefined && this.head.size >= size) return this.head;
    const head = await this.load();
    return head !== undefined && head.size >= size ? head : undefined;
  }

  /** As it stands now. */
  async load(): Promise<Head | undefined> {
    const head = await this.read();
    if (head !== undefined && head.size >= (this.head?.size ?? 0)) {
      this.head = head;
      this.loadedAtMs = this.clock.now();
    }
    return this.head;
  }
}
