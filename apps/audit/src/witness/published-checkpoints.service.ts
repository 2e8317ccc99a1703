import type { Clock } from '#kernel';
import { withSignatureLines } from '#tlog';
import type { ServedLog } from '../discovery/served-log.js';
import { isCosigned } from './is-cosigned.js';
import type { PublishedCheckpointStore, PublishedNote } from './published-checkpoint.store.js';

/** A checkpoint with its cosignature lines. */
export interface CosignedNote {
  readonly size: number;
  readonly note: string;
}

interface Look {
  readonly shown: CosignedNote | undefined;
  readonly cosigned: CosignedNote | undefined;
}

const MAX_AGE_MS = 500;

/**
 * The checkpoints that were published, with the lines of witnesses that have cosigned them since (`audit-log.md` §2.4,
 * §2.6). Half a second old at most.
 */
export class PublishedCheckpoints {
  /** Shared by all who ask within half a second; written by `look`. */
  private looking: Promise<Look> | undefined;
  private lookedAtMs = -Infinity;
  /** Size of the largest that was shown: no later one is smaller. */
  private shownSize = 0;

  constructor(
    private readonly store: PublishedCheckpointStore,
    private readonly log: ServedLog,
    private readonly clock: Clock,
  ) {}

  /**
   * For everybody: the newest, or the newest that enough witnesses have cosigned where that was the newest until just now.
   * A busy log has a new one each second, which no witness has seen yet. Undefined: nothing was published yet.
   */
  async shown(): Promise<CosignedNote | undefined> {
    return (await this.look()).shown;
  }

  /** The newest that enough witnesses have cosigned; without a policy, that any has. */
  async cosigned(): Promise<CosignedNote | undefined> {
    return (await this.look()).cosigned;
  }

  private look(): Promise<Look> {
    const nowMs = this.clock.now();
    if (this.looking !== undefined && nowMs - this.lookedAtMs < MAX_AGE_MS) return this.looking;
    this.lookedAtMs = nowMs;
    const looking = this.read();
    // A failure is told to those who asked, and not kept.
    looking.catch(() => {
      if (this.looking === looking) this.looking = undefined;
    });
    this.looking = looking;
    return looking;
  }

  private async read(): Promise<Look> {
    const published = await this.store.newest(this.log.logId);
    const at = published.findIndex((note) => this.isCosigned(note));
    const [newest, cosigned, next] = [published[0], published[at], published[at - 1]];
    const isRecent = next === undefined || next.ageMs <= (this.log.cosignedWithinMs ?? 0);
    const isShown = cosigned !== undefined && isRecent && cosigned.size >= this.shownSize;
    const shown = isShown ? cosigned : newest;
    this.shownSize = Math.max(this.shownSize, shown?.size ?? 0);
    return { shown: withLines(shown), cosigned: withLines(cosigned) };
  }

  private isCosigned({ cosignatures }: PublishedNote): boolean {
    return isCosigned(
      cosignatures.map(({ source }) => source),
      this.log.policy,
    );
  }
}

function withLines(published: PublishedNote | undefined): CosignedNote | undefined {
  if (published === undefined) return undefined;
  const { size, note, cosignatures } = published;
  return {
    size,
    note: withSignatureLines(
      note,
      cosignatures.map(({ line }) => line),
    ),
  };
}
