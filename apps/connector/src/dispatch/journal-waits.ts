/** A journal that has not answered for so long counts as one that does not. */
const SLOW_MS = 2_000;

/**
 * Unsafe requests that wait for a journal that does not answer. They have places of their own, fewer than there are
 * requests in flight, so that safe calls go on without it (`design.md` §7). What finds no place is let go.
 */
export class JournalWaits {
  /** Places taken now; written by `take`. */
  private taken = 0;
  private readonly places: number;

  constructor(
    maxInFlight: number,
    readonly slowMs: number = SLOW_MS,
  ) {
    this.places = Math.ceil(maxInFlight / 4);
  }

  /** How to give the place back; undefined if there is none. */
  take(): (() => void) | undefined {
    if (this.taken >= this.places) return undefined;
    this.taken += 1;
    return () => {
      this.taken -= 1;
    };
  }

  /** For one request; its owner ends it. */
  open(): JournalWait {
    return new JournalWait(this);
  }
}

/** One request's dealings with the journal: it has a place from when the journal is silent until it answers. */
export class JournalWait {
  /** Gives the place back; set while there is one, by `stall` and `end`. */
  private giveBack: (() => void) | undefined;

  constructor(private readonly waits: JournalWaits) {}

  /** What the journal says; `busy` if it takes long and there is no place to wait. Rejects as the journal does. */
  async hear<Answer>(asked: Promise<Answer>): Promise<Answer | 'busy'> {
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.waits.slowMs);
    });
    try {
      const late = slow.then(async () => (this.stall() ? await asked : 'busy'));
      const heard = await Promise.race([asked, late]);
      this.end();
      return heard;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The journal does not answer: false if there is no place to wait until it does. */
  stall(): boolean {
    this.giveBack ??= this.waits.take();
    return this.giveBack !== undefined;
  }

  end(): void {
    this.giveBack?.();
    this.giveBack = undefined;
  }
}
