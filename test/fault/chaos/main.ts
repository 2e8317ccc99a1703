import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { startFailure } from '#platform';
import { CHAOS_INSTANCE, runChaos } from './chaos.js';
import { clientsLedger, renderReport } from './report.js';
import { parseCommandLine, USAGE, type ChaosSettings } from './settings.js';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** 0: the ledgers agree; 1: they do not, or too little was answered. The data of such a run are kept. */
async function main(settings: ChaosSettings): Promise<number> {
  const dataDir = resolve(settings.keep ?? (await mkdtemp(join(tmpdir(), 'kerege-chaos-'))));
  // PostgreSQL may run as another user, who has to get through.
  if (settings.keep === undefined) await chmod(dataDir, 0o755);
  const startedMs = Date.now();
  const tell = (line: string) => say(`${((Date.now() - startedMs) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const instance = await startInstance({ dataDir, ...CHAOS_INSTANCE, tell });
  let isGood = false;
  try {
    const report = await runChaos({ instance, settings, tell });
    say(renderReport(report));
    if (settings.keep !== undefined) await writeFile(join(dataDir, 'ledger.json'), clientsLedger(report));
    isGood = report.breaches.length === 0 && report.goodShare >= report.leastGoodShare;
  } finally {
    await instance.stop();
    if (isGood && settings.keep === undefined) await rm(dataDir, { recursive: true, force: true });
    else say(`data and logs are kept in ${dataDir}`);
  }
  return isGood ? 0 : 1;
}

async function start(): Promise<number> {
  try {
    const settings = parseCommandLine(process.argv.slice(2));
    if (settings !== undefined) return await main(settings);
    say(USAGE);
    return 2;
  } catch (cause) {
    process.stderr.write(`${startFailure('Chaos', cause)}\n`);
    return 1;
  }
}

process.exit(await start());
