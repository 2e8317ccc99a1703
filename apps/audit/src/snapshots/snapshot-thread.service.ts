import { Piscina } from 'piscina';
import { openSnapshot, type SnapshotFacts, type SnapshotTask } from './snapshot.worker.js';

/** Idle for so long, the thread and what it remembers are given up. */
const IDLE_MS = 10_000;
const MAX_WAITING = 64;
/** Some dozens of members, whose signatures take milliseconds: for one so small no thread is started each minute. */
const INLINE_BYTES = 32 * 1024;

/**
 * Opens registry snapshots in a thread of its own: one is as large as a country's registry, and no stamp may wait for
 * thousands of signatures. A small one is opened here. Whoever makes it closes it.
 */
export class SnapshotThread {
  private readonly pool: Piscina<SnapshotTask, SnapshotFacts | undefined>;

  private closing: Promise<void> | undefined;

  constructor(private readonly inlineBytes = INLINE_BYTES) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.pool = new Piscina<SnapshotTask, SnapshotFacts | undefined>({
      filename: new URL(`./snapshot.worker.${extension}`, import.meta.url).href,
      name: 'openSnapshot',
      minThreads: 0,
      maxThreads: 1,
      maxQueue: MAX_WAITING,
      idleTimeout: IDLE_MS,
      recordTiming: false,
    });
  }

  /** Undefined if the bytes have not their digest and number, or are no snapshot. */
  async open(task: SnapshotTask): Promise<SnapshotFacts | undefined> {
    return task.body.byteLength <= this.inlineBytes ? openSnapshot(task) : this.pool.run(task);
  }

  close(): Promise<void> {
    return (this.closing ??= this.pool.close({ force: true }));
  }
}
