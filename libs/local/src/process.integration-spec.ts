import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#testing';
import { freePort, isPortFree, spawnProcess } from './index.js';

jest.setTimeout(60_000);

let directory: string;
let counter = 0;
const logFile = () => join(directory, `${(counter += 1)}.log`);
const node = (script: string) => spawnProcess({ command: process.execPath, args: ['-e', script], logFile: logFile() });
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kerege-local-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('spawnProcess', () => {
  it('keeps what a process says, and waits for it', async () => {
    const child = await node(`console.log('hello'); console.error('there'); setInterval(() => 0, 1000)`);
    await child.waitForOutput('there', 5000);
    expect(child.tail()).toContain('hello');
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('rejects with a code if the program is not there', async () => {
    const attempt = spawnProcess({ command: 'no-such-program', args: [], logFile: logFile() });
    await expect(attempt).rejects.toMatchObject({ code: 'process-not-started' });
  });

  it('stops waiting when the process ends, and shows its last words', async () => {
    const child = await node(`console.log('cannot go on'); process.exit(3)`);
    await expect(child.waitForOutput('ready', 20_000)).rejects.toMatchObject({
      code: 'process-not-ready',
      details: { ended: { code: 3 }, output: expect.stringContaining('cannot go on') },
    });
  });

  it('kills the whole group of a process that does not stop', async () => {
    const child = await node(`
      const { pid } = require('node:child_process').spawn('sleep', ['600']);
      process.on('SIGTERM', () => 0);
      setInterval(() => 0, 1000);
      console.log('grandchild ' + pid + ';');`);
    const line = await eventually(() => /grandchild (\d+);/.exec(child.tail()));
    expect((await child.stop(100)).signal).toBe('SIGKILL');
    await eventually(() => !isAlive(Number(line[1])));
  });

  it('does not outlive us, even if we are killed', async () => {
    const index = join(import.meta.dirname, 'process.ts');
    // A parent of its own kind: the guard is a shell whose input ends with its parent.
    const parent = await node(`
      const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
      const guard = /\`(cat[^\`]*)\`/.exec(require('node:fs').readFileSync(${JSON.stringify(index)}, 'utf8'))[1];
      spawn('/bin/sh', ['-c', guard.replaceAll('\${pid}', child.pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
      console.log('child ' + child.pid + ';');
      setInterval(() => 0, 1000);`);
    const line = await eventually(() => /child (\d+);/.exec(parent.tail()));
    await parent.kill();
    await eventually(() => !isAlive(Number(line[1])));
  });
});

describe('freePort', () => {
  it('finds ports that one can listen on', async () => {
    expect(await isPortFree(await freePort())).toBe(true);
  });
});
