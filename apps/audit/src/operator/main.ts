import { startFailure } from '#platform';
import { openDatabase } from '#postgres';
import { auditConfig } from '../audit.config.js';
import { operate } from './operate.service.js';

const config = auditConfig.load();
// Brings no schema up: a command must not run ahead of the service.
const database = () => openDatabase({ url: config.databaseUrl.reveal(), schema: 'audit', migrations: [], poolSize: 1 });
try {
  for (const line of await operate(process.argv.slice(2), config, database)) process.stdout.write(`${line}\n`);
} catch (cause) {
  process.stderr.write(`${startFailure('the command', cause)}\n`);
  process.exitCode = 1;
}
