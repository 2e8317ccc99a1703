import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openNote, type NoteKey } from '#tlog';
import type { Remembered } from './memories.js';
import { witnessErrors } from './witness.errors.js';

/**
 * The checkpoint that stands in an exported log: a third memory of the head. No folder, or none in it yet, is no memory;
 * one that is there and is not this log's is a refusal, never "nothing was exported".
 */
export async function exportedCheckpoint(directory: string, key: NoteKey): Promise<Remembered | undefined> {
  if (directory === '') return undefined;
  const file = join(directory, 'checkpoint');
  let note: Buffer;
  try {
    note = await readFile(file);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw witnessErrors.error('exported-checkpoint', { cause, details: { file } });
  }
  const opened = openNote(note, [key]);
  if (!opened.ok) throw witnessErrors.error('exported-checkpoint', { details: { file, reason: opened.reason } });
  return { source: 'export', size: opened.value.size, root: opened.value.root };
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
