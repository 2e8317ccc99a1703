import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#testing';
import type { Leaf } from '../ledger/leaf.js';
import { LogReader, type LogCopy } from '../ledger/log-reader.js';

const LOOK_MS = 100;

/** The log as an outsider sees it, looked at again and again; while it cannot be read, what was seen last. */
export class LogWatch {
  copy: LogCopy | undefined;
  private readonly stopping = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  private constructor(private readonly reader: LogReader) {}

  static async start(auditUrl: string): Promise<LogWatch> {
    const watch = new LogWatch(await LogReader.find(auditUrl));
    watch.watching = watch.run();
    return watch;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** How often a transition of a case stands in it. */
  times(id: string, transition: string): number {
    return this.leavesOf(id).filter(({ t }) => t === `correction.${transition}`).length;
  }

  leavesOf(id: string): readonly Leaf[] {
    return this.copy?.leaves.filter((leaf) => leaf.id === id) ?? [];
  }

  async stands(id: string, transition: string, times: number, timeoutMs: number): Promise<void> {
    await eventually(() => this.times(id, transition) >= times, { timeoutMs, intervalMs: LOOK_MS / 2 });
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.copy = (await this.reader.copy()) ?? this.copy;
      await delay(LOOK_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}
