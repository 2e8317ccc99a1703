import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cliErrors } from '../cli.errors.js';
import type { Terminal } from '../terminal/terminal.js';

const entry = z.object({ pid: z.number().int().positive() });
const runRecord = z.union([
  entry.transform(({ pid }) => [pid]),
  z
    .object({ supervisor: entry, processes: z.array(entry).default([]) })
    .transform(({ supervisor, processes }) => [supervisor.pid, ...processes.map(({ pid }) => pid)]),
]);

/** What an instance leaves; a folder with anything else in it is somebody's, and is not emptied. */
const OURS =
  /^(keys|notes|witnesses|logs?|export|postgres|kafka|fallback|trust\.json|run\.json(\.new)?|applied\.sha256|postgres\.password|.*\.log(\.1)?)$/;

/** `kerege reset`: empties the data of an instance, its keys and its log included. Never while it runs. */
export async function resetCommand(dataDir: string, terminal: Terminal): Promise<void> {
  const names = await readdir(dataDir).catch((): string[] => []);
  if (names.length === 0) {
    terminal.tell(`${dataDir} is empty already.`);
    return;
  }
  const alive = (await recordedProcesses(dataDir)).filter(isAlive);
  if (alive.length > 0) throw cliErrors.error('instance-running', { extensions: { process: alive[0] } });
  const strangers = names.filter((name) => !OURS.test(name));
  if (!names.includes('keys') && !names.includes('trust.json') && strangers.length > 0)
    throw cliErrors.error('data-dir-foreign', { extensions: { folder: dataDir } });
  for (const name of names) await rm(join(dataDir, name), { recursive: true, force: true });
  terminal.tell(`${dataDir} is empty; the next npm start makes new keys and a new log.`);
}

async function recordedProcesses(dataDir: string): Promise<number[]> {
  try {
    return runRecord.parse(JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')));
  } catch {
    // No record, or one cut off while it was written: no instance says that it runs.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // ESRCH: gone. EPERM: alive, under somebody else's name.
    return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EPERM';
  }
}
