import { readFile, rename, writeFile } from 'node:fs/promises';
import { cliErrors } from '../cli.errors.js';
import { decodeState, encodeState, type LogState } from '../verify-log/index.js';

/**
 * What the last verification left, in `<file>` and `<file>.tables`. The tables are replaced first: a crash between the
 * two leaves a document that does not name them, and the next verification begins at the first leaf.
 */
export async function readState(file: string): Promise<LogState | undefined> {
  const document = await readIfThere(file);
  if (document === undefined) return undefined;
  const state = decodeState(document, (await readIfThere(`${file}.tables`)) ?? Buffer.alloc(0));
  if (state === undefined) throw cliErrors.error('state-unreadable', { extensions: { file } });
  return state;
}

export async function writeState(file: string, state: LogState): Promise<void> {
  const { document, tables } = encodeState(state);
  await replace(`${file}.tables`, tables);
  await replace(file, document);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && Reflect.get(cause, 'code') === 'ENOENT') return undefined;
    throw cliErrors.error('file-unreadable', { cause, extensions: { file } });
  }
}

async function replace(file: string, content: string | Buffer): Promise<void> {
  try {
    await writeFile(`${file}.new`, content, { flush: true });
    await rename(`${file}.new`, file);
  } catch (cause) {
    throw cliErrors.error('state-unwritten', { cause, extensions: { file } });
  }
}
