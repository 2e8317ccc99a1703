import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#testing';
import type { Leaf } from '../ledger/leaf.js';
import { LogReader } from '../ledger/log-reader.js';

/** A head that the log showed, and when an outsider asked for what turned out to be it. */
export interface ShownHead {
  readonly size: number;
  readonly askedMs: number;
}

const LOOK_MS = 40;
const LEAVES_MS = 400;
const PATIENCE_MS = 60_000;

/** Looks at the head of the log without pause, and at its leaves only when somebody wants them: those take their time. */
export class HeadWatch {
  readonly heads: ShownHead[] = [];
  private readonly stopping = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  private constructor(private readonly reader: LogReader) {}

  static async start(auditUrl: string): Promise<HeadWatch> {
    const watch = new HeadWatch(await LogReader.find(auditUrl));
    watch.watching = watch.run();
    return watch;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  async leaves(): Promise<readonly Leaf[]> {
    return (await this.reader.copy())?.leaves ?? [];
  }

  /** Resolves when a case's transition is in the log. */
  async stands(id: string, transition: string): Promise<void> {
    const isIt = (leaf: Leaf) => leaf.id === id && leaf.t === `correction.${transition}`;
    const isThere = async () => (await this.leaves()).some(isIt);
    await eventually(isThere, { timeoutMs: PATIENCE_MS, intervalMs: LEAVES_MS });
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const askedMs = Date.now();
      const head = await this.reader.head();
      if (head !== undefined && head.size !== this.heads.at(-1)?.size) this.heads.push({ size: head.size, askedMs });
      await delay(LOOK_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}
