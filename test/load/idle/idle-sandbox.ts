import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { freePortBase } from '../../../apps/sandbox/src/instance/ports.service.js';
import { repositoryRoot, spawnProcess } from '#local';
import type { Workspace } from '../harness/workspace.js';

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
}

const READY_TIMEOUT_MS = 180_000;
const STOP_GRACE_MS = 20_000;
const running = z.object({ name: z.string(), pid: z.number() });
const runRecord = z.object({ supervisor: running, processes: z.array(running) });

/**
 * The sandbox as `npm start` runs it, in a process of its own: the one that starts and watches the others is one of ours
 * too. Resolves when it says that it is ready.
 */
export async function startSandbox(workspace: Workspace): Promise<RunningProcess[]> {
  const built = (path: string) => join(repositoryRoot(), 'dist', path);
  const dataDir = join(workspace.directory, 'data');
  const sandbox = await spawnProcess({
    command: process.execPath,
    args: [
      ...['--import', pathToFileURL(built('libs/platform/src/run/own-source-maps.js')).href],
      ...['--max-semi-space-size=4', built('bin/sandbox.js'), '--quiet'],
    ],
    cwd: repositoryRoot(),
    env: {
      NODE_OPTIONS: undefined,
      DATABASE_URL: undefined,
      KAFKA_BROKERS: undefined,
      KEREGE_DATA_DIR: dataDir,
      KEREGE_PORT_BASE: String(await freePortBase()),
    },
    logFile: join(workspace.directory, 'sandbox.log'),
  });
  workspace.onEnd(() => sandbox.stop(STOP_GRACE_MS));
  await sandbox.waitForOutput('Kerege is ready', READY_TIMEOUT_MS);
  const { supervisor, processes } = runRecord.parse(JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')));
  return [{ name: 'the sandbox itself', pid: supervisor.pid }, ...processes];
}
