import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge, judgeReleased, shownSize } from './spec-support/outside-judge.js';
import { hasSmallDisks, SmallDisk } from './spec-support/small-disk.js';

jest.setTimeout(120_000);

const canDrill = hasJudge && hasSmallDisks;

let ground: DrillGround;
let audit: AuditProcess;
let disk: SmallDisk;
let exported: string;
beforeAll(async () => {
  if (!canDrill) return;
  ground = await DrillGround.prepare();
  disk = await SmallDisk.mount(ground.directory, 16);
  ground.atEnd(() => disk.unmount());
  await mkdir(join(disk.path, 'export'));
  exported = join(disk.path, 'export/log/0/2026h2');
  audit = await ground.audit();
  await audit.start({ KEREGE_AUDIT_EXPORT_DIR: join(disk.path, 'export') });
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (canDrill) await ground.end();
});

/** The folder as it is now, judged with the receipts that it is old enough for. */
const folderVerdict = async () => {
  const { receipts, directory: trustDir } = ground.network;
  const size = await shownSize(exported);
  const covered = receipts.filter((receipt) => receipt.size <= size);
  expect(covered.length).toBeGreaterThan(0);
  const { stamped } = ground.stampers;
  return judgeReleased({ log: exported, size, trustDir, receipts: covered, stamped, isPart: true });
};

(canDrill ? describe : describe.skip)('the disk of the export is full', () => {
  it('traffic goes on, the gap is shown, and the folder stays a whole log of its last checkpoint', async () => {
    ground.stampers.start();
    await ground.stampers.progress(300);
    await eventually(async () => (await shownSize(exported)) > 256, PATIENCE);
    await disk.fill();
    await eventually(async () => (await audit.part('export')).reason === 'export-disk-full', PATIENCE);
    expect(await audit.log()).toContain('"alarm":"export-disk-full"');
    await ground.stampers.progress(300);
    await audit.ready();
    expect(await folderVerdict()).toMatchObject({ verified: true });
  });

  it('goes on by itself when there is room, and every receipt ever released verifies from the files alone', async () => {
    await disk.free();
    await eventually(async () => (await audit.part('export')).state === 'ok', PATIENCE);
    for (const shown of [audit, exported])
      expect(await ground.judge(shown)).toMatchObject({
        verified: true,
        stamped: ground.stampers.stamped.length,
        others: { 'registry.manifest': 1 },
      });
  });
});
