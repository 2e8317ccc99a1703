import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AppError } from '#kernel';
import { TlsListener } from '#platform';
import { checkStoredToken, timeOf } from '../../apps/audit/src/trusted-time/time-token.js';
import { timeRequest } from '../../apps/audit/src/trusted-time/time-request.js';
import { isForTimeStampingAlone, isValidAt, parseRoots } from '../../apps/audit/src/trusted-time/token-certificates.js';
import { hasOpenssl, TimeLab } from '../audit/time-lab.js';
import { fuzz, mutated } from './fuzz.js';

const withOpenssl = hasOpenssl ? it : it.skip;
const TEXT = Buffer.from('a note of a log');
let lab: TimeLab;
let dir: string;
let rootPem: string;
let reply: Buffer;

beforeAll(() => {
  if (!hasOpenssl) return;
  lab = new TimeLab();
  dir = mkdtempSync(join(tmpdir(), 'kerege-fuzz-'));
  rootPem = lab.root('root');
  lab.authority('tsa', 'root');
  reply = lab.reply('tsa', Buffer.from(timeRequest(TEXT).der));
});
afterAll(() => {
  if (!hasOpenssl) return;
  lab.close();
  rmSync(dir, { recursive: true, force: true });
});

const pemOf = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');

withOpenssl('reads roots, or says that it cannot', () =>
  fuzz('certificate', mutated([derOf(rootPem)]), (der) => {
    for (const root of parseRoots(pemOf(der)) ?? []) {
      isForTimeStampingAlone(root);
      isValidAt(root, new Date());
    }
  }),
);

withOpenssl('believes no token of a time-stamp authority that was touched', async () => {
  const roots = parseRoots(rootPem) ?? [];
  expect(await checkStoredToken(reply, { text: TEXT, roots, nowMs: Date.now() })).toMatchObject({ ok: true });
  await fuzz('time-stamp token', mutated([reply]), async (der) => {
    timeOf(der);
    const { timeMs } = await checked(der, roots);
    // What the signature does not cover may differ; the time may not.
    if (timeMs !== undefined) expect(timeMs).toBe(timeOf(reply));
  });
});

async function checked(der: Buffer, roots: NonNullable<ReturnType<typeof parseRoots>>): Promise<{ timeMs?: number }> {
  const result = await checkStoredToken(der, { text: TEXT, roots, nowMs: Date.now() });
  return result.ok ? result.value : {};
}

withOpenssl('starts no TLS with files that cannot be used, and says only that', () => {
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  writeFileSync(key, 'no key');
  return fuzz('TLS files', mutated([Buffer.from(rootPem)]), async (pem) => {
    writeFileSync(cert, pem);
    const settings = {
      ...{ tlsCertFile: cert, tlsKeyFile: key, tlsClientCaFile: cert, tlsClientCrlFile: '' },
      ...{ tlsMinVersion: '1.2' as const, tlsReloadMs: 1_000 },
    };
    const failure: unknown = await TlsListener.open(settings, {
      reloaded: () => undefined,
      failed: () => undefined,
    }).catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: 'tls-files-unusable' });
  });
});
