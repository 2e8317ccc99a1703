import { join } from 'node:path';
import { freePort, startPostgres } from '#local';
import { openDatabase, type Database } from '#postgres';
import { migrations } from '../../../apps/audit/src/migrations/index.js';
import { describeMachine } from '../harness/machine.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';
import { layStatements } from './lay-statements.js';

const LEAVES = 1_000_000;
const LEAVES_WHEN_QUICK = 20_000;
export const SEED = Buffer.alloc(32, 7);

export interface LaidLog {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly size: number;
}

/** A PostgreSQL of its own with a log of a million leaves. */
export async function laidLog(workspace: Workspace, settings: BenchSettings): Promise<LaidLog> {
  const postgres = await startPostgres({
    dataDir: join(workspace.directory, 'postgres'),
    port: await freePort(),
    password: 'bench',
    logFile: join(workspace.directory, 'postgres.log'),
    maxConnections: 50,
  });
  workspace.onEnd(() => postgres.stop());
  const database = await openDatabase({
    url: postgres.url,
    schema: 'audit',
    migrations,
    poolSize: 8,
    statementTimeoutMs: 120_000,
  });
  workspace.onEnd(() => database.close());
  say(await describeMachine(settings, postgres.url));
  const size = settings.isQuick ? LEAVES_WHEN_QUICK : LEAVES;
  await layStatements(database, SEED, size);
  return { database, databaseUrl: postgres.url, size };
}
