import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openNote, type Checkpoint, type NoteKey } from '#tlog';
import { originDigest } from './judgement.js';
import { witnessErrors } from './witness.errors.js';

/** The newest checkpoint of a log that this witness cosigned, with its own line. */
export interface Remembered {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/**
 * A witness's memory: one file per log. It promises that what `keep` resolved for is there after any crash, that a file
 * is whole or as it was, and that a memory which cannot be read is never taken for an empty one.
 */
export class WitnessStore {
  constructor(
    private readonly directory: string,
    private readonly ownKey: NoteKey,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
  }

  /** Undefined if nothing of this log was ever cosigned. */
  async read(log: NoteKey): Promise<Remembered | undefined> {
    const file = this.fileOf(log);
    let note: string;
    try {
      note = await readFile(file, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw witnessErrors.error('witness-memory-broken', { cause, details: { file } });
    }
    const opened = openNote(note, [log, this.ownKey]);
    if (!opened.ok || !opened.value.signers.includes(this.ownKey))
      throw witnessErrors.error('witness-memory-broken', { details: { file, reason: opened.ok ? '' : opened.reason } });
    return { note, checkpoint: opened.value };
  }

  /** Written beside, synced, renamed, and the folder synced: only then may the cosignature leave. */
  async keep(log: NoteKey, note: string): Promise<void> {
    const file = this.fileOf(log);
    const beside = `${file}.new`;
    const handle = await open(beside, 'w', 0o600);
    try {
      await handle.writeFile(note);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
    await this.syncDirectory();
  }

  private async syncDirectory(): Promise<void> {
    const handle = await open(this.directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  private fileOf({ name }: NoteKey): string {
    return join(this.directory, `${originDigest(name)}.note`);
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
