import { describe, expect, it } from '@jest/globals';
import { createLogger, silentLogger } from '#platform';
import { TestLog } from '#testing';
import { openNote, type Checkpoint } from '#tlog';
import { StartCheck, type StartCheckOptions } from './start-check.service.js';
import type { Memory } from './witness-client.service.js';

const log = TestLog.create('audit.test.example/0', 40);
const forked = log.rewritten(3);
const checkpointOf = async (size: number, by = log): Promise<Checkpoint> => {
  const opened = openNote(await by.note(size), [log.key]);
  if (!opened.ok) throw new TypeError(opened.reason);
  return opened.value;
};
const witness = (...memories: Memory[]) => {
  let asked = 0;
  const address = { name: 'w', key: log.key, url: 'http://127.0.0.1:1' };
  const memory = () => Promise.resolve(memories[Math.min(asked++, memories.length - 1)] as Memory);
  return { address, memory };
};
const checkOf = (changes: Partial<StartCheckOptions>) =>
  new StartCheck({
    witnesses: [],
    published: () => Promise.resolve([]),
    exported: () => Promise.resolve(undefined),
    rootAt: (at) => Promise.resolve(log.root(at)),
    isApproved: () => Promise.resolve(false),
    logger: silentLogger(),
    patienceMs: 0,
    ...changes,
  });
const start = (size: number, changes: Partial<StartCheckOptions>) => checkOf(changes).check(size);

describe('StartCheck (audit-log.md §3.4)', () => {
  it('starts a log that nobody witnesses, and a fresh one whose witnesses have never heard of it', async () => {
    await start(40, {});
    await start(0, { witnesses: [witness('none'), witness('none')] });
  });

  it('starts a log whose witnesses remember what it holds, one of them being away', async () => {
    await start(40, { witnesses: [witness(await checkpointOf(40)), witness('no-answer')] });
  });

  it('waits for witnesses that start beside it', async () => {
    await start(40, { witnesses: [witness('no-answer', 'no-answer', 'none')], patienceMs: 10_000 });
  });

  it('refuses a log that was rolled back, by any single memory', async () => {
    const behind = { code: 'log-behind', details: expect.objectContaining({ size: 30, remembered: 40 }) };
    const newer = await checkpointOf(40);
    await expect(start(30, { witnesses: [witness('none'), witness(newer)] })).rejects.toMatchObject(behind);
    await expect(start(30, { published: () => Promise.resolve([newer]) })).rejects.toMatchObject(behind);
    const exported = { source: 'export', size: 40, root: newer.root };
    await expect(start(30, { exported: () => Promise.resolve(exported) })).rejects.toMatchObject(behind);
  });

  it('refuses a log that was rewritten, by any single memory', async () => {
    const other = await checkpointOf(20, forked);
    const fork = { code: 'log-forked', details: expect.objectContaining({ remembered: 20 }) };
    await expect(start(40, { witnesses: [witness(other), witness('none')] })).rejects.toMatchObject(fork);
    const both = async () => [await checkpointOf(20), other];
    await expect(start(40, { published: both })).rejects.toMatchObject(fork);
  });

  it('takes silence of all witnesses for no consent, unless two operators have said so', async () => {
    const silent = { witnesses: [witness('no-answer'), witness('no-answer')] };
    await expect(start(40, silent)).rejects.toMatchObject({ code: 'witnesses-silent' });
    await start(40, { ...silent, isApproved: (size) => Promise.resolve(size === 40) });
    await expect(start(39, { ...silent, isApproved: (size) => Promise.resolve(size === 40) })).rejects.toMatchObject({
      code: 'witnesses-silent',
    });
  });

  describe('of a log that is continued in the same epoch', () => {
    const again = (size: number, changes: Partial<StartCheckOptions>) =>
      checkOf({ patienceMs: 10_000, ...changes }).check(size, true);
    const hanging = () => ({ ...witness('none'), memory: () => new Promise<Memory>(() => undefined) });

    it('does not wait for a witness that says nothing, and needs nobody’s word for it', async () => {
      const sinceMs = performance.now();
      await again(40, { witnesses: [witness('no-answer'), hanging()] });
      expect(performance.now() - sinceMs).toBeLessThan(2_000);
    });

    it('still refuses what any memory contradicts: the database may have lost another’s epoch', async () => {
      const behind = { code: 'log-behind' };
      const newer = await checkpointOf(40);
      await expect(again(30, { witnesses: [hanging(), witness(newer)] })).rejects.toMatchObject(behind);
      await expect(again(30, { published: () => Promise.resolve([newer]) })).rejects.toMatchObject(behind);
      const other = await checkpointOf(20, forked);
      await expect(again(40, { witnesses: [witness(other)] })).rejects.toMatchObject({ code: 'log-forked' });
    });
  });

  it('alarms once while it is tried again, and again for something else', async () => {
    const lines: string[] = [];
    const logger = createLogger('spec', { destination: { write: (line) => void lines.push(line) } });
    const topic = [await checkpointOf(40)];
    const check = checkOf({ published: () => Promise.resolve(topic), logger });
    const alarms = () => lines.filter((line) => line.includes('"alarm":"log-behind"')).length;
    for (const size of [30, 30, 31]) await expect(check.check(size)).rejects.toMatchObject({ code: 'log-behind' });
    expect(alarms()).toBe(2);
    await check.check(40);
    await expect(check.check(31)).rejects.toMatchObject({ code: 'log-behind' });
    expect(alarms()).toBe(3);
  });

  it('refuses to start on what it could not read', async () => {
    const lost = new TypeError('of this spec');
    await expect(start(40, { published: () => Promise.reject(lost) })).rejects.toBe(lost);
    await expect(start(40, { exported: () => Promise.reject(lost) })).rejects.toBe(lost);
  });
});
