import { jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isPortFree, repositoryRoot } from '#local';
import { eventually } from '#testing';
import { portsFrom } from '../../apps/sandbox/src/instance/layout.js';
import { hasOpenssl } from '../../apps/sandbox/src/time-authority/openssl.service.js';
import { freePortBase } from '../../apps/sandbox/src/instance/ports.service.js';
import { temporaryDirectory } from './spec-support/bus-under-test.js';

jest.setTimeout(240_000);

interface Session {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

describe('npm start', () => {
  let dataDir: string;
  let base: number;
  const sessions: Session[] = [];
  beforeAll(async () => {
    dataDir = await temporaryDirectory();
    base = await freePortBase();
  });
  afterAll(async () => {
    for (const { child } of sessions) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(sessions.map((session) => session.ended));
    await eventually(async () => (await listening()).length === 0, { timeoutMs: 20_000 });
    await rm(dataDir, { recursive: true, force: true });
  });

  /** In a process group of its own, as a terminal starts it. */
  function start(...args: string[]): Session {
    const main = join(repositoryRoot(), 'dist/bin/sandbox.js');
    const env = { ...process.env, KEREGE_PORT_BASE: String(base), KEREGE_DATA_DIR: dataDir };
    for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'NODE_OPTIONS']) Reflect.deleteProperty(env, name);
    const child = spawn(process.execPath, [main, ...args], { detached: true, cwd: repositoryRoot(), env });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    const session = { child, output: () => text, ended };
    sessions.push(session);
    return session;
  }
  const interrupt = ({ child }: Session) => process.kill(-child.pid!, 'SIGINT');
  const ready = async () => (await fetch(`http://127.0.0.1:${base}/ready`)).status === 200;
  const listening = async () => {
    const checked = Object.entries(portsFrom(base)).map(async ([name, port]) => ((await isPortFree(port)) ? '' : name));
    return (await Promise.all(checked)).filter((name) => name !== '');
  };
  const recordedPids = async (): Promise<number[]> =>
    JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')).processes.map((entry: { pid: number }) => entry.pid);
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('quietly says one line, and Ctrl-C leaves no process and no listening port within ten seconds', async () => {
    const session = start('--quiet');
    await eventually(() => session.output().includes('Kerege is ready'), { timeoutMs: 120_000 });
    expect(session.output()).toBe('Kerege is ready\n');
    expect(await ready()).toBe(true);
    const pids = await recordedPids();
    expect(pids.length).toBe((await hasOpenssl()) ? 14 : 13);
    const startedMs = Date.now();
    interrupt(session);
    expect(await session.ended).toBe(0);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    expect(await listening()).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('starts warm on the data of before, refuses a second start, restarts what dies, ends on SIGTERM', async () => {
    const startedMs = Date.now();
    const session = start();
    await eventually(ready, { timeoutMs: 60_000 });
    process.stdout.write(`warm start: ready after ${Date.now() - startedMs} ms\n`);
    await eventually(() => session.output().includes('Ctrl-C stops everything'));
    expect(session.output()).toContain('curl -i http://127.0.0.1');

    const second = start('--quiet');
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('sandbox-running');
    expect(second.output()).toContain(`process ${session.child.pid}`);

    const gateway = JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')).processes.find(
      (entry: { name: string }) => entry.name === 'gateway',
    );
    process.kill(gateway.pid, 'SIGKILL');
    await eventually(() => session.output().includes('gateway is back'), { timeoutMs: 60_000 });
    expect(session.output()).toContain('gateway ended (SIGKILL)');
    await eventually(ready, { timeoutMs: 60_000 });

    session.child.kill('SIGTERM');
    expect(await session.ended).toBe(0);
    expect(await listening()).toEqual([]);
  });

  it('tells which port is taken and by what variable all are moved', async () => {
    const { createServer } = await import('node:net');
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(base, '127.0.0.1', resolve));
    const session = start('--quiet');
    expect(await session.ended).toBe(1);
    expect(session.output()).toContain(`port ${base} (gateway)`);
    expect(session.output()).toContain('KEREGE_PORT_BASE');
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('that was killed itself leaves nothing that a next start does not end, and that one can be interrupted', async () => {
    const session = start('--quiet');
    await eventually(() => session.output().includes('Kerege is ready'), { timeoutMs: 60_000 });
    const pids = await recordedPids();
    session.child.kill('SIGKILL');
    await session.ended;
    const next = start('--quiet');
    await eventually(() => pids.filter(isAlive).length === 0, { timeoutMs: 20_000 });
    interrupt(next);
    await next.ended;
    await eventually(async () => (await listening()).length === 0, { timeoutMs: 10_000 });
  });
});
