import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineErrors } from '#kernel';
import { eventually, fakeClock, TestLog, type FakeClock } from '#testing';
import {
  cosigner,
  ed25519Seed,
  openNote,
  parsePolicy,
  signatureLine,
  withSignatureLines,
  type NoteKey,
  type WitnessPolicy,
} from '#tlog';
import { LogWatcher } from './log-watcher.worker.js';
import type { PublicLog } from './public-log.service.js';
import type { HeldNote } from './remembered-note.store.js';

const errors = defineErrors('spec', { away: { kind: 'unavailable', message: 'Away', next: 'Wait' } });
const log = TestLog.create('audit.test.example/0/2026h2', 60);
const rewritten = log.rewritten(3);
const held = async (size: number, by = log): Promise<HeldNote> => {
  const note = await by.note(size);
  const opened = openNote(note, [log.key]);
  if (!opened.ok) throw new TypeError(opened.reason);
  return { note, checkpoint: opened.value };
};
const witnesses = [11, 12].map((fill) => {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, fill));
  return cosigner(`w${fill}.test.example`, publicKey, sign, () => 1_790_000_000);
});
const policyOf = (): WitnessPolicy => {
  const lines = witnesses.map(({ vkey }, at) => `witness w${at} ${vkey}`);
  const parsed = parsePolicy([`log ${log.vkey}`, ...lines, 'group all all w0 w1', 'quorum all'].join('\n'));
  if (!parsed.ok) throw new TypeError(parsed.reason.problem);
  return parsed.value;
};

/** What everybody is shown; anything of it can be withheld. */
class Shown implements PublicLog {
  size = 10;
  by = log;
  cosignedBy = witnesses;
  isAway = false;
  hasProofs = true;

  async checkpoint(): Promise<string | undefined> {
    if (this.isAway) return undefined;
    const note = await this.by.note(this.size);
    const text = `${note.split('\n\n')[0] ?? ''}\n`;
    return withSignatureLines(note, await Promise.all(this.cosignedBy.map((witness) => signatureLine(text, witness))));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async consistency(_log: NoteKey, from: number, to: number) {
    if (!this.hasProofs) return undefined;
    return to > 40 ? ('size-unknown' as const) : this.by.proof(from, to);
  }
}

describe('LogWatcher (audit-log.md §3.9)', () => {
  let shown: Shown;
  let clock: FakeClock;
  /** What is on disk, for this process and the next. */
  let disk: { note: HeldNote | undefined; fork: readonly string[] | undefined; fails: boolean };
  let alarms: string[];
  let failures: string[];
  const started: LogWatcher[] = [];

  beforeEach(() => {
    shown = new Shown();
    clock = fakeClock(1_800_000_000_000);
    disk = { note: undefined, fork: undefined, fails: false };
    [alarms, failures] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((watcher) => watcher.stop()));
  });

  const start = async (policy?: WitnessPolicy) => {
    const open = (note: string): HeldNote => {
      const opened = openNote(note, [log.key]);
      if (!opened.ok) throw new TypeError(opened.reason);
      return { note, checkpoint: opened.value };
    };
    const watcher = await LogWatcher.start({
      logs: [log.key],
      policy,
      view: shown,
      notes: {
        read: () => Promise.resolve(disk.note),
        keep: (_log, note) => {
          if (disk.fails) return Promise.reject(errors.error('away'));
          disk.note = open(note);
          return Promise.resolve();
        },
        keepFork: (_log, notes) => Promise.resolve(void (disk.fork = notes)),
        hasFork: () => Promise.resolve(disk.fork !== undefined),
      },
      clock,
      intervalMs: 60_000,
      unwitnessedMs: 600_000,
      alarm: (trouble) => alarms.push(trouble),
      failed: (what) => failures.push(what),
    });
    started.push(watcher);
    return watcher;
  };
  const see = (watcher: LogWatcher, { checkpoint, note }: HeldNote) => watcher.seen(checkpoint, Buffer.from(note));

  it('looks at once, remembers what it saw, and agrees with what grows', async () => {
    const watcher = await start();
    await eventually(() => disk.note?.checkpoint.size === 10);
    for (const size of [10, 16, 33]) {
      shown.size = size;
      expect(await watcher.look()).toBe(true);
    }
    expect(disk.note?.checkpoint.size).toBe(33);
    expect([watcher.distrusts(), watcher.reading().state, alarms]).toEqual([false, 'ok', []]);
  });

  it('compares the newest note of its receipts with what is shown, also where that is older', async () => {
    const watcher = await start();
    see(watcher, await held(24));
    see(watcher, await held(20));
    await watcher.look();
    expect(disk.note?.checkpoint.size).toBe(24);
    expect(watcher.distrusts()).toBe(false);
  });

  it('catches a log that was rewritten and signed again, of whatever size it is now', async () => {
    for (const size of [9, 16, 33]) {
      disk.note = await held(10);
      shown.by = rewritten;
      shown.size = size;
      const watcher = await start();
      await watcher.look();
      expect([size, watcher.trouble(), watcher.reading().state]).toEqual([size, 'inconsistent', 'down']);
      expect(disk.note.checkpoint.root).toEqual(log.root(10));
    }
  });

  it('catches a private tree that only its receipts were of', async () => {
    const watcher = await start();
    see(watcher, await held(24, rewritten));
    await watcher.look();
    expect(watcher.trouble()).toBe('inconsistent');
  });

  it('keeps two trees of one size as a proof, for ever, and stays stopped after a restart', async () => {
    disk.note = await held(10);
    shown.by = rewritten;
    const watcher = await start();
    await watcher.look();
    expect(watcher.trouble()).toBe('forked');
    expect(disk.fork).toEqual([expect.stringContaining(await rewritten.note(10)), await log.note(10)]);
    shown.by = log;
    await watcher.look();
    expect((await start()).trouble()).toBe('forked');
    expect(watcher.trouble()).toBe('forked');
  });

  it('sees two receipts of one size that contradict each other without asking anybody', async () => {
    shown.isAway = true;
    const watcher = await start();
    see(watcher, await held(24));
    see(watcher, await held(24));
    expect(watcher.distrusts()).toBe(false);
    see(watcher, await held(24, rewritten));
    expect(watcher.trouble()).toBe('forked');
  });

  it('takes a log that says it was never so long for one that was rolled back', async () => {
    disk.note = await held(50);
    const watcher = await start();
    await watcher.look();
    expect(watcher.trouble()).toBe('rolled-back');
  });

  it('stops nothing for what it could not ask, and goes on once the log proves itself', async () => {
    disk.note = await held(10);
    shown.size = 20;
    shown.hasProofs = false;
    const watcher = await start();
    expect(await watcher.look()).toBe(false);
    expect([watcher.distrusts(), disk.note.checkpoint.size]).toEqual([false, 10]);
    [shown.hasProofs, shown.by] = [true, rewritten];
    await watcher.look();
    await watcher.look();
    expect([watcher.distrusts(), alarms]).toEqual([true, ['inconsistent']]);
    shown.by = log;
    await watcher.look();
    expect([watcher.distrusts(), disk.note.checkpoint.size]).toEqual([false, 20]);
  });

  it('shows ten minutes without a quorum as unwitnessed, and stops nothing', async () => {
    const watcher = await start(policyOf());
    await watcher.look();
    shown.cosignedBy = witnesses.slice(1);
    clock.advance(600_000);
    expect(await watcher.look()).toBe(false);
    expect(watcher.reading().state).toBe('ok');
    clock.advance(1);
    expect(watcher.reading()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('unwitnessed') });
    expect(watcher.distrusts()).toBe(false);
    shown.cosignedBy = witnesses;
    expect(await watcher.look()).toBe(true);
    expect(watcher.reading().state).toBe('ok');
  });

  it('counts no quorum for less than it remembered a look ago: witnesses of an old tree are none of this one', async () => {
    const watcher = await start(policyOf());
    see(watcher, await held(24));
    expect(await watcher.look()).toBe(true);
    expect(await watcher.look()).toBe(false);
    shown.size = 24;
    expect(await watcher.look()).toBe(true);
  });

  it('says so when it cannot keep what it saw, and writes it later', async () => {
    disk.fails = true;
    const watcher = await start();
    await watcher.look();
    expect(failures).toContain('note-not-kept');
    expect(watcher.reading()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('disk') });
    disk.fails = false;
    await watcher.look();
    expect([disk.note?.checkpoint.size, watcher.reading().state]).toEqual([10, 'ok']);
  });
});
