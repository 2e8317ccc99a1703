import { parseArgs } from 'node:util';
import { settleMemory, startFailure } from '#platform';
import { sandboxConfig } from './sandbox.config.js';
import { runSession } from './terminal/session.service.js';

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { quiet: { type: 'boolean', default: false } } });
    settleMemory();
    return await runSession(sandboxConfig.load(), { isQuiet: values.quiet });
  } catch (cause) {
    process.stderr.write(`${startFailure('The sandbox', cause)}\n`);
    return 1;
  }
}

// What is left of handles and timers is of no use any more: every process has ended.
process.exit(await main());
