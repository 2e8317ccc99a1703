import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { trustErrors } from './trust.errors.js';

const SUFFIX = '.jwk';
/** Bits of the mode that let anybody but the owner in. */
const OTHERS = 0o077;
const MAX_KEY_FILES = 10_000;

/** The file in which an identifier's keys lie: `DEMO/GOV/1001` → `DEMO.GOV.1001.jwk`. */
export function keyFileName(identifier: string): string {
  return `${identifier.replaceAll('/', '.')}${SUFFIX}`;
}

/**
 * Identifier → text of its JWK set, for every key file of a folder; `DEMO.audit1.log.jwk` is `DEMO/audit1/log`. A file
 * that others may read is refused rather than used: a key that may have leaked must not sign.
 * NOTE: the file name has dots for slashes, so an identifier that itself holds a dot cannot be told back from it.
 */
export async function loadKeySets(dir: string): Promise<Map<string, string>> {
  const names = await attempt(dir, () => readdir(dir));
  const files = names.filter((name) => name.endsWith(SUFFIX)).slice(0, MAX_KEY_FILES);
  const sets = new Map<string, string>();
  for (const name of files.sort()) sets.set(identifierOf(name), await loadKeySet(join(dir, name)));
  return sets;
}

function identifierOf(fileName: string): string {
  return fileName.slice(0, -SUFFIX.length).replaceAll('.', '/');
}

/** The text of one key file, after the check of its mode. */
export async function loadKeySet(file: string): Promise<string> {
  const { mode } = await attempt(file, () => stat(file));
  if ((mode & OTHERS) !== 0) throw trustErrors.error('key-file-mode', { details: { file }, extensions: { file } });
  return attempt(file, () => readFile(file, 'utf8'));
}

async function attempt<Value>(file: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    throw trustErrors.error('keys-unreadable', { cause, details: { file }, extensions: { file } });
  }
}
