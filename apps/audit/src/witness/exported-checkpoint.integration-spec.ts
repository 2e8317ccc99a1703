import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { ExportedCheckpoint } from './exported-checkpoint.store.js';

const log = TestLog.create('audit.test.example/0', 8);

describe('the checkpoint in an export folder', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kerege-exported-'));
    file = join(folder, 'checkpoint');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = () => new ExportedCheckpoint(folder, log.key).read();

  it('is a memory of the log, and none where nothing was exported', async () => {
    expect(await new ExportedCheckpoint('', log.key).read()).toBeUndefined();
    expect(await read()).toBeUndefined();
    writeFileSync(file, await log.note(8));
    expect(await read()).toEqual({ source: 'export', size: 8, root: log.root(8) });
  });

  it.each(['', 'rubbish'])('is a refusal where it is not of this log: %j', async (text) => {
    writeFileSync(file, text);
    await expect(read()).rejects.toMatchObject({ code: 'exported-checkpoint' });
  });

  it('is a refusal where the disk does not answer, which is asked once however often it is tried', async () => {
    // Opening it waits for a writer, as a folder of a server that is gone does.
    execFileSync('mkfifo', [file]);
    const exported = new ExportedCheckpoint(folder, log.key, 50);
    const tries = Array.from({ length: 8 }, () => exported.read().catch((cause: unknown) => cause));
    for (const refused of await Promise.all(tries))
      expect(refused).toMatchObject({ code: 'exported-checkpoint', details: { reason: 'timed out' } });
    // The threads that read files are four.
    expect(await readFile('/dev/null')).toHaveLength(0);
    const answered = exported.read();
    await writeFile(file, await log.note(8));
    expect(await answered).toMatchObject({ size: 8 });
  });
});
