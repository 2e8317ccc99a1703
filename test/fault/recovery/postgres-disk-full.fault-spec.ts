import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { findPostgresBinaries } from '#local';
import { eventually } from '#testing';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';
import { hasSmallDisks, openFolder, SmallDisk } from './spec-support/small-disk.js';

jest.setTimeout(120_000);

const canDrill = hasJudge && hasSmallDisks;

let ground: DrillGround;
let audit: AuditProcess;
let disk: SmallDisk;
let folder: string;
beforeAll(async () => {
  if (!canDrill) return;
  folder = await mkdtemp(join(tmpdir(), 'kerege-disk-'));
  await openFolder(folder);
  // The cluster itself takes about 40 MiB, and 16 more for each segment of its write-ahead log.
  disk = await SmallDisk.mount(folder, 160, (await findPostgresBinaries()).owner);
  ground = await DrillGround.prepare({ dataDir: join(disk.path, 'postgres') });
  audit = await ground.audit();
  await audit.start();
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (!canDrill) return;
  await ground.end();
  await disk.unmount();
  await rm(folder, { recursive: true, force: true });
});

/** The log stands and statements wait: nobody gets a receipt for what is not stored. */
async function isStopped(): Promise<void> {
  await eventually(() => ground.stampers.missing.length > 300, PATIENCE);
  const newest = Math.max(...ground.network.receipts.map((receipt) => receipt.size));
  expect(newest).toBeLessThanOrEqual((await ground.network.head()).size);
}

(canDrill ? describe : describe.skip)('the disk of PostgreSQL is full', () => {
  it('tables cannot grow: nothing is receipted that is not stored; with room it goes on by itself', async () => {
    ground.stampers.start();
    await ground.stampers.progress(200);
    await disk.fill();
    await eventually(() => ground.database.log().includes('No space left on device'), PATIENCE);
    await isStopped();
    await disk.free();
    await ground.stampers.progress(300);
    await audit.ready();
  });

  it('the write-ahead log cannot grow: PostgreSQL dies; with room it recovers, and the log goes on', async () => {
    await disk.fill();
    await ground.stampers.stop();
    // The next segment does not fit: whoever needs it panics, and so does the recovery that follows.
    const { database } = ground.network;
    await database.query('SELECT pg_switch_wal()').catch(() => undefined);
    await database.query('CREATE TABLE spec.any AS SELECT 1').catch(() => undefined);
    await eventually(() => ground.database.log().includes('PANIC'), PATIENCE);
    await ground.stampers.send(100);
    await disk.free();
    await ground.database.recovered(() => database.query('SELECT 1'));
    await ground.stampers.progress(100);
    await audit.ready();
  });

  it('every receipt ever released verifies, no stamp is lost and none doubled', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
