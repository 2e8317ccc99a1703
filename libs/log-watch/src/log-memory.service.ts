import { isQuorum, openNote, type Checkpoint, type NoteKey, type WitnessPolicy } from '#tlog';
import { compareViews, type LogTrouble } from './compare-views.js';
import type { PublicLog } from './public-log.service.js';
import type { HeldNote, RememberedNotes } from './remembered-note.store.js';

export interface LogMemoryParts {
  readonly log: NoteKey;
  /** Undefined: nobody witnesses the log. */
  readonly policy: WitnessPolicy | undefined;
  readonly view: PublicLog;
  readonly notes: Pick<RememberedNotes, 'read' | 'keep' | 'keepFork' | 'hasFork'>;
  /** Called once when trouble begins, and again when it becomes another. */
  readonly alarm: (trouble: LogTrouble, details: Readonly<Record<string, unknown>>) => void;
  readonly failed: (what: string, cause: unknown) => void;
}

/** What one look brought. */
export interface Look {
  /** The log answered, and enough witnesses stand for at least what was remembered at the last look that was; true where there are none. */
  readonly isWitnessed: boolean;
}

const NOTHING: Look = { isWitnessed: false };

/** One log as this process has seen it: what it remembers, and whether the log still agrees with that. */
export class LogMemory {
  /** The newest note verified here; written by `seen` and `look`, never replaced by an older one. */
  private newest: HeldNote | undefined;
  /** Size of what is on disk. */
  private keptSize = -1;
  /** What witnesses have to stand for; moved by looks at which they did, so that a growing log cannot outrun them. */
  private least = -1;
  /** Undefined: the log is what we remember. `forked` stays, also over restarts; the others last while they do. */
  private found: LogTrouble | undefined;
  /** A write under way or failed: its note is tried again at the next look. */
  keepFailed = false;

  private constructor(private readonly parts: LogMemoryParts) {}

  static async open(parts: LogMemoryParts): Promise<LogMemory> {
    const memory = new LogMemory(parts);
    memory.newest = await parts.notes.read(parts.log);
    memory.keptSize = memory.newest?.checkpoint.size ?? -1;
    memory.least = memory.keptSize;
    if (await parts.notes.hasFork(parts.log)) memory.trouble = 'forked';
    return memory;
  }

  get trouble(): LogTrouble | undefined {
    return this.found;
  }

  /** Whether anything is remembered of this log. */
  get isKnown(): boolean {
    return this.newest !== undefined;
  }

  get size(): number {
    return this.newest?.checkpoint.size ?? 0;
  }

  /** A note of a receipt that was verified; cheap, because every batch has one. */
  seen(checkpoint: Checkpoint, note: Uint8Array): void {
    const { newest } = this;
    if (newest === undefined || checkpoint.size > newest.checkpoint.size)
      this.newest = { checkpoint, note: Buffer.from(note).toString('utf8') };
    else if (checkpoint.size === newest.checkpoint.size && !checkpoint.root.equals(newest.checkpoint.root))
      this.convict({ checkpoint, note: Buffer.from(note).toString('utf8') }, newest);
  }

  /** Compares what everybody is shown with what is remembered, and remembers the newer of both. */
  async look(): Promise<Look> {
    const shown = await this.shown();
    if (shown === undefined) return NOTHING;
    // A receipt that comes while we ask is compared next time.
    const remembered = this.newest;
    if (remembered !== undefined && !(await this.agrees(shown, remembered))) return NOTHING;
    if (shown.checkpoint.size > this.size || this.newest === undefined) this.newest = shown;
    await this.keep();
    const isWitnessed = this.isWitnessed(shown.checkpoint);
    if (isWitnessed) this.least = this.keptSize;
    return { isWitnessed };
  }

  /** Undefined if nothing can be had, or what can is no checkpoint of this log with good lines of its witnesses. */
  private async shown(): Promise<HeldNote | undefined> {
    const { view, log, policy } = this.parts;
    const note = await view.checkpoint(log);
    if (note === undefined) return undefined;
    const opened = openNote(note, [log, ...(policy?.witnesses ?? []).map(({ key }) => key)]);
    return opened.ok ? { note, checkpoint: opened.value } : undefined;
  }

  private isWitnessed({ size, signers }: Checkpoint): boolean {
    const { policy } = this.parts;
    return policy === undefined || (size >= this.least && isQuorum(policy, signers));
  }

  /** Writes what is remembered; the next look compares with it, in whatever process. */
  async keep(): Promise<void> {
    const { newest } = this;
    if (newest === undefined || newest.checkpoint.size <= this.keptSize || this.found !== undefined) return;
    try {
      await this.parts.notes.keep(this.parts.log, newest.note);
      this.keptSize = newest.checkpoint.size;
      this.keepFailed = false;
    } catch (cause) {
      this.keepFailed = true;
      this.parts.failed('note-not-kept', cause);
    }
  }

  private async agrees(shown: HeldNote, remembered: HeldNote): Promise<boolean> {
    const { view, log } = this.parts;
    const askProof = (from: number, to: number) => view.consistency(log, from, to);
    const comparison = await compareViews(shown.checkpoint, remembered.checkpoint, askProof);
    if (comparison === 'unknown') return false;
    if (comparison === 'forked') this.convict(shown, remembered);
    else if (this.found !== 'forked') this.trouble = comparison === 'one-log' ? undefined : comparison;
    return comparison === 'one-log' && this.found === undefined;
  }

  private convict(one: HeldNote, other: HeldNote): void {
    if (this.found === 'forked') return;
    this.trouble = 'forked';
    this.parts.notes
      .keepFork(this.parts.log, [one.note, other.note])
      .catch((cause: unknown) => this.parts.failed('fork-not-kept', cause));
  }

  private set trouble(trouble: LogTrouble | undefined) {
    if (trouble !== undefined && trouble !== this.found)
      this.parts.alarm(trouble, { log: this.parts.log.name, size: this.size });
    this.found = trouble;
  }
}
