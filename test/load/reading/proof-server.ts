import { createHttpApp, createLogger, startHttpApp } from '#platform';
import { openDatabase } from '#postgres';
import { migrations } from '../../../apps/audit/src/migrations/index.js';
import { ReadModule } from '../../../apps/audit/src/read.module.js';
import { SEED } from './laid-log.js';
import { LOG_ID, ORIGIN, vkeyOf } from './lay-statements.js';

/** The reading half of audit in a process of its own. Arguments: URL of the database, port. */
const [databaseUrl = '', port = '0'] = process.argv.slice(2);
const database = await openDatabase({ url: databaseUrl, schema: 'audit', migrations, poolSize: 10 });
const log = {
  logId: LOG_ID,
  origin: ORIGIN,
  vkey: vkeyOf(SEED),
  path: '0/2026h2',
  url: `http://127.0.0.1:${port}/log/0/2026h2/`,
  state: 'open',
} as const;
const app = await createHttpApp(ReadModule.servingOne(log, database), { name: 'audit', logger: createLogger('audit') });
await startHttpApp(app, { host: '127.0.0.1', port: Number(port) });
process.stdout.write('ready\n');
