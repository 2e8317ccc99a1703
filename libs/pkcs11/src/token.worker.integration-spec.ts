import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, SoftHsm } from '#testing';

/** What an app does with its token's process, as far as it matters here. */
const PARENT = `
  const [worker, library] = process.argv.slice(1);
  const child = require('node:child_process').fork(worker, [String(process.pid)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.send({ kind: 'open', plan: { module: library, sessions: 1 } }, () => process.stdout.write(String(child.pid)));
`;

(SoftHsm.canRun() ? describe : describe.skip)('the process of a token', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-token-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('ends with its parent, also while the library hangs', async () => {
    // Nobody ever writes into it, so whoever loads it waits for ever.
    const module = join(dir, 'hangs.so');
    execFileSync('mkfifo', [module]);
    const worker = fileURLToPath(new URL('./token.worker.ts', import.meta.url));
    const parent = spawn(process.execPath, ['-e', PARENT, worker, module], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    expect(await isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(async () => !(await isRunning(pid)), { timeoutMs: 20_000 });
  });
});

/** A process that has ended and that nobody has asked how is none. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
