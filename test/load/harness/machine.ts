import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import pg from 'pg';
import { KAFKA_VERSION, repositoryRoot } from '#local';
import type { BenchSettings } from './settings.js';

const run = promisify(execFile);

/** Where and with what it was measured: without that a figure is a rumour. */
export async function describeMachine(settings: BenchSettings, databaseUrl?: string): Promise<string> {
  const cores = cpus();
  const lines = [
    `machine   ${cores[0]?.model.trim() ?? 'unknown'}, ${cores.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `system    ${type()} ${release()}`,
    `versions  Node ${process.versions.node}, Kafka ${KAFKA_VERSION}, PostgreSQL ${await postgresVersion(databaseUrl)}`,
    `commit    ${await commit()}`,
    `settings  ${settings.runs} runs of ${settings.seconds} s after ${settings.warmUpSeconds} s of warm-up${settings.isQuick ? ' (quick: figures mean nothing)' : ''}`,
  ];
  return lines.join('\n');
}

async function commit(): Promise<string> {
  try {
    const { stdout: id } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: repositoryRoot() });
    const { stdout: changes } = await run('git', ['status', '--porcelain', '-uno'], { cwd: repositoryRoot() });
    return `${id.trim()}${changes.trim() === '' ? '' : ' with local changes'}`;
  } catch {
    return 'unknown (not a git checkout)';
  }
}

async function postgresVersion(databaseUrl: string | undefined): Promise<string> {
  if (databaseUrl === undefined) return 'not used';
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}
