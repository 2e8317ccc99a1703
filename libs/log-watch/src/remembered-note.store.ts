import { access, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openNote, type Checkpoint, type NoteKey } from '#tlog';
import { logWatchErrors } from './log-watch.errors.js';

/** A checkpoint with the note that it was read from. */
export interface HeldNote {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/**
 * What a process remembers of each log, in a folder of its own: the newest note that it verified, and, once it has seen
 * one, the proof of a fork. It promises that a file is whole or as it was, whatever ends the process, and that what
 * cannot be read is never taken for nothing.
 */
export class RememberedNotes {
  constructor(private readonly directory: string) {}

  /** Undefined if nothing of this log was ever verified here. */
  async read(log: NoteKey): Promise<HeldNote | undefined> {
    const file = this.fileOf(log, 'note');
    let note: string;
    try {
      note = await readFile(file, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw logWatchErrors.error('log-note-broken', { cause, details: { file } });
    }
    const opened = openNote(note, [log]);
    if (!opened.ok) throw logWatchErrors.error('log-note-broken', { details: { file, reason: opened.reason } });
    return { note, checkpoint: opened.value };
  }

  async keep(log: NoteKey, note: string): Promise<void> {
    await this.write(this.fileOf(log, 'note'), note);
  }

  /** Two signed notes that cannot both be of one log: whoever sees them can convict its operator. */
  async keepFork(log: NoteKey, notes: readonly [string, string]): Promise<void> {
    await this.write(this.fileOf(log, 'fork'), notes.join('\n'));
  }

  async hasFork(log: NoteKey): Promise<boolean> {
    try {
      await access(this.fileOf(log, 'fork'));
      return true;
    } catch (cause) {
      if (isMissing(cause)) return false;
      throw logWatchErrors.error('log-note-broken', { cause });
    }
  }

  /** Beside, synced, renamed: a machine that dies leaves the old note or the new one. */
  private async write(file: string, text: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const beside = `${file}.new`;
    const handle = await open(beside, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  }

  private fileOf({ name }: NoteKey, kind: 'note' | 'fork'): string {
    return join(this.directory, `${name.replaceAll(/[^A-Za-z0-9.-]/gu, '_')}.${kind}`);
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
