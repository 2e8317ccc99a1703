import type { Clock } from '#kernel';
import type { Checkpoint } from '#tlog';
import type { AnchorStore } from './anchor.store.js';
import type { ForkAlarm } from './fork-alarm.js';
import type { ForkSign, WitnessAnswer, WitnessFailure } from './witness-answer.js';
import type { WitnessClient } from './witness-client.service.js';

/** A checkpoint that was published. */
export interface PublishedCheckpoint {
  readonly note: string;
  readonly checkpoint: Pick<Checkpoint, 'size' | 'text'>;
}

/** How a witness does, for `/status`. */
export interface LaneState {
  readonly witness: string;
  /** Size that it cosigned last. */
  readonly size: number;
  readonly cosignedAtMs: number | undefined;
  /** Why the last question brought no cosignature; undefined if it did. */
  readonly failure: WitnessFailure | 'our-side' | undefined;
}

export interface LaneParts {
  readonly client: Pick<WitnessClient, 'add' | 'address'>;
  readonly anchors: Pick<AnchorStore, 'addCosignature' | 'lastCosigned'>;
  readonly proof: (from: number, to: number) => Promise<readonly Uint8Array[]>;
  /** Size of the log as it stands in the database now. */
  readonly headSize: () => Promise<number>;
  readonly alarm: ForkAlarm;
  readonly clock: Clock;
  readonly asked: (answer: WitnessAnswer['kind']) => void;
  readonly failed: (witness: string, cause: unknown) => void;
}

export interface LanePace {
  /** Between two questions at least. */
  readonly intervalMs: number;
  readonly maxPauseMs: number;
}

const PACE: LanePace = { intervalMs: 1_000, maxPauseMs: 60_000 };

/**
 * Brings published checkpoints to one witness, at that witness's own size: the newest always, at most one a second, with
 * growing pauses while it does not cosign. It blocks nobody: a witness that hangs holds its own lane only, and what it
 * missed is covered by the next checkpoint.
 */
export class WitnessLane {
  /** The newest published checkpoint that is not cosigned; set by `offer`, taken by `turn`. */
  private waiting: PublishedCheckpoint | undefined;
  /** What the witness remembers, as far as we know; read once from the store, then moved by its answers. */
  private size: number | undefined;
  private cosignedAtMs: number | undefined;
  private failure: LaneState['failure'];
  private failures = 0;
  private notBeforeMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    private readonly parts: LaneParts,
    private readonly pace: LanePace = PACE,
  ) {}

  offer(published: PublishedCheckpoint): void {
    this.waiting = published;
    this.schedule();
  }

  get state(): LaneState {
    const { size = 0, cosignedAtMs, failure } = this;
    return { witness: this.name, size, cosignedAtMs, failure };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.asking;
  }

  private get name(): string {
    return this.parts.client.address.key.name;
  }

  private schedule(): void {
    const isIdle = this.timer === undefined && this.asking === undefined && this.waiting !== undefined;
    if (!isIdle || this.isClosed || this.parts.alarm.fork !== undefined) return;
    const delayMs = Math.max(0, this.notBeforeMs - this.parts.clock.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.asking = this.turn().finally(() => {
        this.asking = undefined;
        this.schedule();
      });
    }, delayMs);
  }

  private async turn(): Promise<void> {
    const published = this.waiting;
    if (published === undefined || this.parts.alarm.fork !== undefined) return;
    this.waiting = undefined;
    try {
      this.failure = await this.bring(published);
    } catch (cause) {
      // Our own database or tiles: the same pause, and the same checkpoint again.
      this.parts.failed(this.name, cause);
      this.failure = 'our-side';
    }
    this.failures = this.failure === undefined ? 0 : this.failures + 1;
    if (this.failure !== undefined) this.waiting ??= published;
    const { intervalMs, maxPauseMs } = this.pace;
    this.notBeforeMs = this.parts.clock.now() + Math.min(maxPauseMs, intervalMs * 2 ** Math.min(this.failures, 16));
  }

  /** Asks, and once more from the size that the witness names. */
  private async bring(published: PublishedCheckpoint): Promise<LaneState['failure']> {
    const { size } = published.checkpoint;
    this.size ??= await this.parts.anchors.lastCosigned(this.name);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      // It has seen a later one, from us or from who sequenced before: the next to be published will do.
      if (this.size > size) return this.laterThanLog(size);
      const answer = await this.ask(published, this.size);
      this.parts.asked(answer.kind);
      if (answer.kind === 'cosigned') {
        await this.parts.anchors.addCosignature(size, { source: this.name, line: answer.cosignature.line });
        this.size = size;
        this.cosignedAtMs = this.parts.clock.now();
        return undefined;
      }
      if (answer.kind === 'failed') return answer.why;
      if (answer.kind === 'fork') return this.forked(answer.sign, size);
      this.size = answer.size;
    }
    return 'turned-away';
  }

  private async ask({ note, checkpoint }: PublishedCheckpoint, oldSize: number): Promise<WitnessAnswer> {
    const proof = await this.parts.proof(oldSize, checkpoint.size);
    return this.parts.client.add({ oldSize, proof, checkpoint: note }, checkpoint.text);
  }

  private async laterThanLog(size: number): Promise<LaneState['failure']> {
    if ((this.size ?? 0) > (await this.parts.headSize())) return this.forked('ahead-of-log', size);
    return undefined;
  }

  private forked(sign: ForkSign, size: number): LaneState['failure'] {
    this.parts.alarm.raise({ sign, witness: this.name, size });
    return undefined;
  }
}
