import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLogger, type RunningApp } from '#platform';
import { eventually } from '#testing';
import { createAudit } from '../../apps/audit/src/audit.module.js';
import { AuditNetwork } from './audit-network.js';

jest.setTimeout(90_000);
const WAIT = { timeoutMs: 30_000 };

let network: AuditNetwork;
const apps: RunningApp[] = [];
const lines: string[] = [];
const logger = createLogger('spec', { destination: { write: (line) => void lines.push(line) } });
const ready = async ({ url }: RunningApp) => (await fetch(`${url}/ready`)).text();
const refusedLines = () => lines.filter((line) => line.includes('the log is not taken over'));

beforeAll(async () => {
  network = await AuditNetwork.create();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await network.close();
});

describe('a process that may not take the log over for a reason of its own host', () => {
  it('leaves it to a healthy one, and takes it over when its reason is gone and the other, too', async () => {
    const exportDir = join(network.directory, 'broken-disk');
    const folder = join(exportDir, 'log/0/2026h2');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'checkpoint'), 'rubbish');
    const settings = { exportDir, leaseMs: 300 };
    const sick = await createAudit(network.config(settings), { bus: network.bus, logger });
    apps.push(sick);
    // It has tried more than once before another is there.
    await eventually(async () => (await network.head()).epoch >= 3n, WAIT);
    expect(await ready(sick)).toContain('exported-checkpoint');
    expect(refusedLines()).toHaveLength(1);
    expect(lines.filter((line) => line.includes('exported-checkpoint'))).toHaveLength(1);

    const healthy = await network.startInForce({ leaseMs: 300 });
    expect((await network.stampAndWait(await network.requested())).isProven).toBe(true);
    await eventually(async () => (await ready(sick)).includes('another process sequences it'), WAIT);
    await healthy.close();
    await eventually(async () => (await ready(sick)).includes('exported-checkpoint'), WAIT);
    expect(refusedLines()).toHaveLength(2);

    writeFileSync(join(folder, 'checkpoint'), (await network.head()).note);
    await eventually(async () => (await fetch(`${sick.url}/ready`)).status === 200, WAIT);
    expect((await network.stampAndWait(await network.requested())).isProven).toBe(true);
  });
});
