import type { Clock } from '#kernel';
import type { Reading } from '#platform';
import type { Checkpoint, NoteKey, WitnessPolicy } from '#tlog';
import type { LogTrouble } from './compare-views.js';
import { LogMemory, type LogMemoryParts } from './log-memory.service.js';

export interface LogWatcherOptions extends Omit<LogMemoryParts, 'log'> {
  /** Of `trust.json`. */
  readonly logs: readonly NoteKey[];
  readonly policy: WitnessPolicy | undefined;
  readonly clock: Clock;
  /** Between two looks. */
  readonly intervalMs: number;
  /** For how long witnesses may be too few before `/status` says so. */
  readonly unwitnessedMs: number;
}

/** After a look that brought no quorum or no answer, or found trouble. */
const SOON_MS = 5_000;

/**
 * Sees to it that nobody shows this process a log of its own (`audit-log.md` §3.9). Once a minute it compares the newest
 * note that it verified, which it keeps on disk, with the checkpoint that everybody is shown, and counts the witnesses of
 * that. It promises that once the log contradicts itself, `distrusts` says so until it no longer does, and for ever after
 * a proven fork. Too few witnesses stop nothing.
 */
export class LogWatcher {
  private readonly memories = new Map<string, LogMemory>();
  /** By log: when a look last found enough witnesses, or that nothing is remembered yet; written by `look`. */
  private readonly witnessed = new Map<string, number>();
  private readonly startedAtMs: number;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isClosed = false;

  private constructor(private readonly options: LogWatcherOptions) {
    this.startedAtMs = options.clock.now();
  }

  /** Reads what is remembered, then looks at once and from then on; rejects if a memory cannot be read. */
  static async start(options: LogWatcherOptions): Promise<LogWatcher> {
    const watcher = new LogWatcher(options);
    for (const log of options.logs) watcher.memories.set(log.name, await LogMemory.open({ ...options, log }));
    watcher.schedule(0);
    return watcher;
  }

  /** A checkpoint of a receipt, whose note was verified. */
  seen(checkpoint: Checkpoint, note: Uint8Array): void {
    this.memories.get(checkpoint.origin)?.seen(checkpoint, note);
  }

  /** How some log contradicts what we remember of it: nothing may be released on its receipts then. */
  trouble(): LogTrouble | undefined {
    return [...this.memories.values()].find((memory) => memory.trouble !== undefined)?.trouble;
  }

  distrusts(): boolean {
    return this.trouble() !== undefined;
  }

  /** For `/status`. */
  reading(): Reading {
    const { policy, clock, unwitnessedMs } = this.options;
    const memories = [...this.memories.values()];
    const size = Math.max(0, ...memories.map((memory) => memory.size));
    const witnessedAtMs = this.witnessedAtMs();
    const details = { size, witnessed: new Date(witnessedAtMs).toISOString() };
    const trouble = this.trouble();
    if (trouble !== undefined)
      return { state: 'down', reason: `the log is not the one that is remembered here: ${trouble}`, details };
    if (memories.some(({ keepFailed }) => keepFailed))
      return { state: 'degraded', reason: 'the newest note of the log cannot be kept on disk', details };
    if (policy !== undefined && clock.now() - witnessedAtMs > unwitnessedMs)
      return { state: 'degraded', reason: 'unwitnessed: too few witnesses have cosigned the log', details };
    return { state: 'ok', details };
  }

  /** Looks now; what runs by itself goes on. True if every log that has a say has enough witnesses. */
  async look(): Promise<boolean> {
    const looks = [...this.memories].map(async ([name, memory]) => {
      const { isWitnessed } = await memory.look();
      if (isWitnessed || !memory.isKnown) this.witnessed.set(name, this.options.clock.now());
      return isWitnessed || !memory.isKnown;
    });
    const isEach = (await Promise.all(looks)).every((isWell) => isWell);
    return isEach && this.known().length > 0;
  }

  /**
   * Those of which something is remembered: all that were ever shown to us, and those of our receipts, whether they are
   * served or not, because who hides a log hides its witnesses. `trust.json` names windows before they are opened.
   */
  private known(): string[] {
    return [...this.memories].filter(([, { isKnown }]) => isKnown).map(([name]) => name);
  }

  /** Of the log whose witnesses are missing for longest. */
  private witnessedAtMs(): number {
    const times = this.known().map((name) => this.witnessed.get(name) ?? this.startedAtMs);
    return times.length === 0 ? this.startedAtMs : Math.min(...times);
  }

  /** Ends what is under way, writes what is remembered, and closes the view. */
  async stop(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.looking;
    for (const memory of this.memories.values()) await memory.keep();
    await this.options.view.close();
  }

  private schedule(delayMs: number): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => {
      this.looking = this.look()
        .catch((cause: unknown) => {
          this.options.failed('log-watch', cause);
          return false;
        })
        .then((isWitnessed) => this.schedule(isWitnessed ? this.options.intervalMs : this.soonMs()));
    }, delayMs);
  }

  private soonMs(): number {
    return Math.min(SOON_MS, this.options.intervalMs);
  }
}
