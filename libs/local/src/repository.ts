import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory of Kerege's package.json, from the sources as well as from `dist/`. */
export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (folder !== dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "kerege"')) return folder;
    folder = dirname(folder);
  }
  return process.cwd();
}

/** Where what is fetched or unpacked once is kept; safe to delete. */
export function cacheDirectory(): string {
  return join(repositoryRoot(), 'node_modules/.cache/kerege');
}
