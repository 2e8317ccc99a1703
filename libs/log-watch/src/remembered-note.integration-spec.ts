import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { RememberedNotes } from './remembered-note.store.js';

const log = TestLog.create('audit.test.example/0/2026h2', 12);

describe('RememberedNotes', () => {
  let directory: string;
  let notes: RememberedNotes;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'kerege-notes-')), 'own');
    notes = new RememberedNotes(directory);
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true }));

  it('has nothing at first, then the last that was kept', async () => {
    expect([await notes.read(log.key), await notes.hasFork(log.key)]).toEqual([undefined, false]);
    await notes.keep(log.key, await log.note(5));
    await notes.keep(log.key, await log.note(12));
    expect(await new RememberedNotes(directory).read(log.key)).toMatchObject({ checkpoint: { size: 12 } });
    await notes.keepFork(log.key, [await log.note(5), await log.rewritten(1).note(5)]);
    expect(await notes.hasFork(log.key)).toBe(true);
    expect((await readdir(directory)).sort()).toEqual([
      'audit.test.example_0_2026h2.fork',
      'audit.test.example_0_2026h2.note',
    ]);
  });

  it('refuses what is no note of that log, and never takes it for nothing', async () => {
    await notes.keep(log.key, await log.note(5));
    const file = join(directory, 'audit.test.example_0_2026h2.note');
    for (const bad of ['', (await log.note(5)).slice(0, -2), await TestLog.create(log.key.name, 5, 4).note(5)]) {
      await writeFile(file, bad);
      await expect(notes.read(log.key)).rejects.toMatchObject({ code: 'log-note-broken' });
    }
    await rm(file);
    await writeFile(join(directory, '..', 'file'), '');
    await expect(new RememberedNotes(join(directory, '..', 'file')).read(log.key)).rejects.toMatchObject({
      code: 'log-note-broken',
    });
  });
});
