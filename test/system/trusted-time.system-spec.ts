import { jest } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTrust } from '#platform';
import { eventually } from '#testing';
import { startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(180_000);

const hasOpenssl = spawnSync('openssl', ['ts', '-help']).status === 0;
let bus: BusUnderTest;
beforeAll(async () => {
  if (!hasOpenssl) return;
  bus = await startBus({ env: { audit: { KEREGE_AUDIT_TIME_INTERVAL_MS: '500' } } });
});
afterAll(() => (hasOpenssl ? bus.end() : undefined));

const stamped = async (query: string) => {
  const [origin = ''] = await logPath();
  const answer = await fetch(`${origin}timestamp${query}`);
  const token = Buffer.from(await answer.arrayBuffer());
  return answer.ok ? { token, size: Number(answer.headers.get('kerege-log-size')), prefix: origin } : undefined;
};
const logPath = async (): Promise<string[]> => {
  const answer = await fetch(`${bus.instance.auditUrl}/.well-known/audit-logs.json`);
  return ((await answer.json()) as { logs: { url: string }[] }).logs.map(({ url }) => url);
};

// Without OpenSSL the sandbox has no authorities: the run shows this as skipped.
(hasOpenssl ? describe : describe.skip)('the sandbox with OpenSSL', () => {
  it('stamps its log, and the auditor’s command takes the token by the roots that the sandbox gives out', async () => {
    const { token, size, prefix } = await eventually(() => stamped('?index=0'), { timeoutMs: 60_000 });
    const dir = bus.instance.dataDir;
    await writeFile(join(dir, 'checkpoint.tsr'), token);
    await writeFile(join(dir, 'checkpoint'), await (await fetch(`${prefix}timestamp/checkpoint?size=${size}`)).text());
    const command =
      'head -3 checkpoint > body && openssl ts -verify -data body -in checkpoint.tsr -CAfile time-authority/tsa-ca.pem';
    expect(execFileSync('sh', ['-c', command], { cwd: dir, stdio: 'pipe' }).toString()).toContain('OK');
    const roots = await readFile(join(dir, 'time-authority/tsa-ca.pem'), 'utf8');
    expect((await loadTrust(bus.instance.trustFile)).timestampRoots.join('')).toBe(roots);
  });

  it('goes on stamping after its authorities were killed', async () => {
    await bus.instance.kill('timeAuthority');
    const before = await eventually(() => stamped(''));
    await eventually(async () => ((await stamped(''))?.size ?? 0) > before.size, { timeoutMs: 150_000 });
  });
});
