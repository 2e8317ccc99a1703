import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnProcess, type ManagedProcess } from '#local';
import { eventually } from '#testing';
import { RunRecord } from './run-record.store.js';
import { Supervisor } from './supervisor.service.js';

const IDLE = 'setInterval(() => undefined, 1000)';
const STUBBORN = `process.on('SIGTERM', () => undefined); ${IDLE}`;

describe('the supervisor', () => {
  let dataDir: string;
  const left: ManagedProcess[] = [];
  beforeEach(async () => void (dataDir = await mkdtemp(join(tmpdir(), 'kerege-supervisor-'))));
  afterEach(async () => {
    await Promise.all(left.splice(0).map((one) => one.kill()));
    await rm(dataDir, { recursive: true, force: true });
  });

  const run = async (name: string, script: string): Promise<ManagedProcess> => {
    const logFile = join(dataDir, `${name}.log`);
    const started = await spawnProcess({ command: process.execPath, args: ['-e', script], logFile });
    left.push(started);
    return started;
  };
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('starts a part again that died, and says so', async () => {
    const told: string[] = [];
    const supervisor = new Supervisor(await RunRecord.take(dataDir), (line) => told.push(line));
    await supervisor.start({ name: 'a', stage: 'core', start: () => run('a', IDLE) });
    const first = supervisor.part('a')?.pid;
    await supervisor.part('a')?.kill();
    const second = await eventually(() => told.some((line) => line === 'a is back') && supervisor.part('a')?.pid);
    expect(second).not.toBe(first);
    expect(told[0]).toMatch(/^a ended \(SIGKILL\); starting it again in 250 ms$/);
    await supervisor.stop();
    expect(isAlive(second)).toBe(false);
  });

  it('goes on trying a part that dies at once', async () => {
    let starts = 0;
    const supervisor = new Supervisor(await RunRecord.take(dataDir), () => undefined);
    const start = () => run('a', (starts += 1) < 3 ? 'process.exit(3)' : IDLE);
    await supervisor.start({ name: 'a', stage: 'core', start });
    await eventually(() => starts >= 3 && supervisor.part('a')?.pid);
    await supervisor.stop();
  });

  it('stops in order: the edge before what it leans on', async () => {
    const ends: string[] = [];
    const supervisor = new Supervisor(await RunRecord.take(dataDir), () => undefined);
    for (const [name, stage] of [
      ['postgres', 'services'],
      ['gateway', 'edge'],
      ['audit', 'core'],
    ] as const) {
      const start = async () => {
        const started = await run(name, IDLE);
        void started.ended.then(() => ends.push(name));
        return started;
      };
      await supervisor.start({ name, stage, start });
    }
    await supervisor.stop();
    expect(ends).toEqual(['gateway', 'audit', 'postgres']);
  });

  it('ends what does not want to end, and forces everything when asked', async () => {
    const supervisor = new Supervisor(await RunRecord.take(dataDir), () => undefined);
    await supervisor.start({ name: 'a', stage: 'edge', start: () => run('a', STUBBORN) });
    const pid = Number(supervisor.part('a')?.pid);
    const startedMs = Date.now();
    await supervisor.force();
    expect(isAlive(pid)).toBe(false);
    expect(Date.now() - startedMs).toBeLessThan(2_000);
  });

  it('leaves down what was taken down until it is brought back', async () => {
    const told: string[] = [];
    const supervisor = new Supervisor(await RunRecord.take(dataDir), (line) => told.push(line));
    await supervisor.start({ name: 'a', stage: 'core', start: () => run('a', IDLE) });
    const part = supervisor.part('a');
    const first = part?.pid;
    await part?.takeDown();
    expect([part?.pid, told]).toEqual([undefined, []]);
    await part?.bringBack();
    expect(part?.pid).not.toBe(first);
    await part?.kill();
    await eventually(() => told.includes('a is back'));
    await supervisor.stop();
  });

  it('asks a part to end and starts it again, and says when it had to be killed', async () => {
    const supervisor = new Supervisor(await RunRecord.take(dataDir), () => undefined);
    const polite = `process.on('SIGTERM', () => process.exit(0)); ${IDLE}; console.log('up')`;
    const scripts = [polite, `${STUBBORN}; console.log('up')`, IDLE];
    const start = async () => {
      const script = scripts.shift() ?? IDLE;
      const started = await run('a', script);
      if (script !== IDLE) await started.waitForOutput('up', 5_000);
      return started;
    };
    await supervisor.start({ name: 'a', stage: 'core', start });
    expect(await supervisor.part('a')?.terminate(5_000)).toBe(0);
    expect(await supervisor.part('a')?.terminate(200)).toBeNull();
    expect(isAlive(Number(supervisor.part('a')?.pid))).toBe(true);
    await supervisor.stop();
  });

  it('stops a part that is paused', async () => {
    const supervisor = new Supervisor(await RunRecord.take(dataDir), () => undefined);
    await supervisor.start({ name: 'a', stage: 'edge', start: () => run('a', IDLE) });
    const startedMs = Date.now();
    supervisor.part('a')?.pause();
    await supervisor.stop();
    expect(Date.now() - startedMs).toBeLessThan(3_000);
  });

  it('refuses a second start on the same data, and names the first', async () => {
    const record = await RunRecord.take(dataDir);
    await expect(RunRecord.take(dataDir)).rejects.toMatchObject({
      code: 'sandbox-running',
      extensions: { problems: [`process ${process.pid}`] },
    });
    await record.release();
    await (await RunRecord.take(dataDir)).release();
  });

  it('ends what a killed supervisor left behind, and nobody else', async () => {
    const record = await RunRecord.take(dataDir);
    const leftBehind = await run('left', IDLE);
    const innocent = await run('innocent', IDLE);
    await record.add('left', leftBehind.pid);
    await record.add('innocent', innocent.pid);
    const file = join(dataDir, 'run.json');
    const text = JSON.parse(await readFile(file, 'utf8'));
    // The supervisor is gone; the number of one of its processes now belongs to somebody else.
    text.supervisor.identity = 'gone';
    text.processes[1].identity = 'Thu Jan  1 00:00:00 1970 node -e other';
    await writeFile(file, JSON.stringify(text));
    const next = await RunRecord.take(dataDir);
    expect(isAlive(leftBehind.pid)).toBe(false);
    expect(isAlive(innocent.pid)).toBe(true);
    await next.release();
  });

  it.each(['', '{', '{"supervisor":1}'])('does not stumble over a run.json of %j', async (text) => {
    await writeFile(join(dataDir, 'run.json'), text);
    await (await RunRecord.take(dataDir)).release();
  });
});
