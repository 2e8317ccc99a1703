import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { serviceAddresses } from '#testing';

const PLANTED = 'PLANTED-SECRET-7731';
const ROOT = new URL('../..', import.meta.url).pathname;
const WATCHED_MS = 8_000;

/** What a built app says until it ends, or until it has tried for a while. */
async function saidBy(app: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, `dist/apps/${app}/src/main.js`)], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const timer = setTimeout(() => child.kill('SIGTERM'), WATCHED_MS);
  const last = setTimeout(() => child.kill('SIGKILL'), 2 * WATCHED_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  clearTimeout(last);
  return Buffer.concat(output).toString('utf8');
}

it.each(['audit', 'registry', 'gateway', 'connector', 'feedback'])(
  '%s says no secret when it cannot start',
  async (app) => {
    const addresses = serviceAddresses();
    const real = new URL(addresses?.databaseUrl ?? 'postgres://127.0.0.1:1/x');
    const url = `postgres://nobody:${PLANTED}@${real.host}/nothing`;
    const dir = mkdtempSync(join(tmpdir(), 'kerege-crash-'));
    const env = {
      ...{
        DATABASE_URL: url,
        DATABASE_OWNER_URL: url,
        DATABASE_ERASER_URL: url,
        KEREGE_FEEDBACK_KEYS_DATABASE_URL: url,
      },
      ...{ KAFKA_BROKERS: addresses?.kafkaBrokers ?? '127.0.0.1:1', KEREGE_PORT: '0', KEREGE_KEYS_DIR: dir },
      ...{ KEREGE_TRUST_FILE: join(dir, 'trust.json'), KEREGE_CONNECTOR_AGENCIES: 'DEMO/GOV/1/a/s=http://127.0.0.1:1' },
      ...{ KEREGE_GATEWAY_AUDIT_TOKEN: PLANTED, KEREGE_CONNECTOR_END_USER_TOKEN: PLANTED },
    };
    try {
      const said = await saidBy(app, env);
      expect(said).not.toBe('');
      expect(said).not.toContain(PLANTED);
      // Settings that cannot be used at all are another way to end.
      expect(
        await saidBy(app, { ...env, KEREGE_PORT: PLANTED, DATABASE_URL: `postgres://x:${PLANTED}@bad host` }),
      ).not.toContain(PLANTED);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  60_000,
);
