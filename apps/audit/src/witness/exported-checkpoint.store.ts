import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openNote, type NoteKey } from '#tlog';
import type { Remembered } from './memories.js';
import { witnessErrors } from './witness.errors.js';

const TIMEOUT_MS = 5_000;
const MISSING = Symbol('no such file');

/**
 * The checkpoint that stands in an exported log: a third memory of the head. No folder, or none in it yet, is no memory;
 * one that is there and is not this log's, or that a disk does not give within seconds, is a refusal, never "nothing was
 * exported".
 */
export class ExportedCheckpoint {
  /** A read that has not ended: another would take one more of the few threads that all reading of files shares. */
  private reading: Promise<Buffer | typeof MISSING> | undefined;

  /** An empty directory: nothing is exported. */
  constructor(
    private readonly directory: string,
    private readonly key: NoteKey,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  async read(): Promise<Remembered | undefined> {
    if (this.directory === '') return undefined;
    const file = join(this.directory, 'checkpoint');
    const note = await this.bytes(file);
    if (note === MISSING) return undefined;
    const opened = openNote(note, [this.key]);
    if (!opened.ok) throw witnessErrors.error('exported-checkpoint', { details: { file, reason: opened.reason } });
    return { source: 'export', size: opened.value.size, root: opened.value.root };
  }

  private async bytes(file: string): Promise<Buffer | typeof MISSING> {
    this.reading ??= bytesOf(file).finally(() => {
      this.reading = undefined;
    });
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(witnessErrors.error('exported-checkpoint', { details: { file, reason: 'timed out' } }));
    }, this.timeoutMs);
    try {
      return await Promise.race([this.reading, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function bytesOf(file: string): Promise<Buffer | typeof MISSING> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (isMissing(cause)) return MISSING;
    throw witnessErrors.error('exported-checkpoint', { cause, details: { file } });
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
