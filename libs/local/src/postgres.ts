import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { localErrors } from './local.errors.js';
import { findPostgresBinaries, isReachable, type PostgresBinaries } from './postgres-binaries.js';
import { spawnProcess, type ManagedProcess } from './process.js';
import { runCommand } from './run-command.js';

export interface LocalPostgresOptions {
  /** Made if it is not there; survives restarts. */
  readonly dataDir: string;
  readonly port: number;
  /** Of the one superuser, `kerege`; set when the directory is made. */
  readonly password: string;
  readonly logFile: string;
  /** Created in the first start. */
  readonly database?: string;
  /** False only for tests: a crash of the machine may lose what was committed. */
  readonly durable?: boolean;
  readonly maxConnections?: number;
}

export interface LocalPostgres {
  /** Of `database`, with the password in it: never log it. */
  readonly url: string;
  readonly process: ManagedProcess;
  /** Fast shutdown: open transactions are rolled back. */
  stop(): Promise<void>;
}

const USER = 'kerege';
const START_TIMEOUT_MS = 30_000;

/** Starts the embedded PostgreSQL on 127.0.0.1 and resolves when it answers. */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const binaries = await findPostgresBinaries();
  const dataDir = await reachableDirectory(resolve(options.dataDir), binaries);
  if (await exists(join(dataDir, 'PG_VERSION'))) await endLeftOver(dataDir);
  else await initialise(dataDir, options, binaries);
  const server = await spawnProcess({
    command: binaries.postgres,
    args: ['-D', dataDir, '-p', String(options.port), ...settings(options)],
    cwd: dataDir,
    env: { LC_MESSAGES: 'C' },
    logFile: options.logFile,
    stopSignal: 'SIGINT',
    ...binaries.owner,
  });
  const database = options.database ?? USER;
  const url = (name: string) => `postgres://${USER}:${options.password}@127.0.0.1:${options.port}/${name}`;
  try {
    await server.waitUntil(() => answers(url('postgres')), START_TIMEOUT_MS);
    await createDatabaseIfMissing(url('postgres'), database);
  } catch (cause) {
    await server.stop();
    throw cause;
  }
  return { url: url(database), process: server, stop: () => stopProcess(server) };
}

function settings({ durable = true, maxConnections = 100 }: LocalPostgresOptions): string[] {
  const values = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${maxConnections}`,
    'log_min_messages=warning',
    // Statements and their parameters may hold personal data.
    'log_min_error_statement=panic',
    'log_parameter_max_length_on_error=0',
    'log_error_verbosity=terse',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
  ];
  return values.flatMap((value) => ['-c', value]);
}

async function initialise(dataDir: string, options: LocalPostgresOptions, binaries: PostgresBinaries): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kerege-initdb-'));
  const passwordFile = join(folder, 'password');
  try {
    await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
    if (binaries.owner !== undefined) {
      await chown(folder, binaries.owner.uid, binaries.owner.gid);
      await chown(passwordFile, binaries.owner.uid, binaries.owner.gid);
    }
    const { code, output } = await runCommand(
      binaries.initdb,
      [
        `--pgdata=${dataDir}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        ...(options.durable === false ? ['--no-sync'] : []),
      ],
      { cwd: dataDir, timeoutMs: 60_000, ...binaries.owner },
    );
    if (code !== 0) {
      // A half-made directory would be taken for a whole one at the next start.
      await rm(join(dataDir, 'PG_VERSION'), { force: true });
      throw localErrors.error('postgres-init-failed', { details: { code, output: output.slice(-2000) } });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The directory itself, or, if the user who runs PostgreSQL cannot enter it, a place in the temporary directory that
 * `dataDir` then links to. A link that is gone means that the data were reset: what it led to is dropped.
 */
async function reachableDirectory(dataDir: string, { owner }: PostgresBinaries): Promise<string> {
  if (owner === undefined || (await isReachable(dirname(dataDir)))) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    if (owner !== undefined) await chown(dataDir, owner.uid, owner.gid);
    return dataDir;
  }
  const elsewhere = join('/var/tmp', `kerege-data-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);
  const link = await lstat(dataDir).catch(() => undefined);
  if (link?.isSymbolicLink() !== true || (await readlink(dataDir)) !== elsewhere) {
    await rm(elsewhere, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
    await mkdir(dirname(dataDir), { recursive: true });
    await symlink(elsewhere, dataDir);
  }
  await mkdir(elsewhere, { recursive: true, mode: 0o700 });
  await chown(elsewhere, owner.uid, owner.gid);
  return elsewhere;
}

/**
 * `postmaster.pid` of a server that is gone, or that outlived its supervisor. PostgreSQL judges by the process number
 * alone, which after a restart of the machine may be anybody's; we look whether it is a server on this directory.
 */
async function endLeftOver(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return rm(file, { force: true });
  const { code, output } = await runCommand('ps', ['-p', String(pid), '-o', 'args='], { timeoutMs: 5000 });
  if (code !== 0 || !output.includes(dataDir)) return rm(file, { force: true });
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + 10_000;
  while (await exists(file)) {
    if (Date.now() > deadline) throw localErrors.error('postgres-data-in-use', { details: { pid, dataDir } });
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    // Not yet: the caller asks again until its deadline.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabaseIfMissing(adminUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function stopProcess(server: ManagedProcess): Promise<void> {
  await server.stop();
}
