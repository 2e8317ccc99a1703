import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeClock, TestLog, type FakeClock } from '#testing';
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

const logs = ['0/2026h2', '0/2027h1'].map((window) => TestLog.create(`audit.test.example/${window}`, 60)) as [
  TestLog,
  TestLog,
];
const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 11));
const witness = cosigner('w.test.example', publicKey, sign, () => 1_790_000_000);
const policyOf = (): WitnessPolicy => {
  const parsed = parsePolicy(
    [...logs.map(({ vkey }) => `log ${vkey}`), `witness w ${witness.vkey}`, 'quorum w'].join('\n'),
  );
  if (!parsed.ok) throw new TypeError(parsed.reason.problem);
  return parsed.value;
};

/** What is shown of each log: a size, cosigned or not; nothing of one that is not served. */
class Shown implements PublicLog {
  readonly of = new Map<string, { size: number; isCosigned: boolean }>();

  async checkpoint({ name }: NoteKey): Promise<string | undefined> {
    const [log, shown] = [logs.find(({ key }) => key.name === name), this.of.get(name)];
    if (log === undefined || shown === undefined) return undefined;
    const note = await log.note(shown.size);
    const text = `${note.split('\n\n')[0] ?? ''}\n`;
    return shown.isCosigned ? withSignatureLines(note, [await signatureLine(text, witness)]) : note;
  }

  consistency({ name }: NoteKey, from: number, to: number) {
    return Promise.resolve(logs.find(({ key }) => key.name === name)?.proof(from, to));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const MINUTE_MS = 60_000;

describe('ten minutes without a quorum', () => {
  let shown: Shown;
  let clock: FakeClock;
  let watcher: LogWatcher;
  beforeEach(async () => {
    shown = new Shown();
    clock = fakeClock(1_800_000_000_000);
    watcher = await LogWatcher.start({
      logs: logs.map(({ key }) => key),
      policy: policyOf(),
      view: shown,
      notes: {
        read: () => Promise.resolve(undefined),
        keep: () => Promise.resolve(),
        keepFork: () => Promise.resolve(),
        hasFork: () => Promise.resolve(false),
      },
      clock,
      intervalMs: 600_000,
      unwitnessedMs: 10 * MINUTE_MS,
      alarm: () => undefined,
      failed: () => undefined,
    });
  });
  afterEach(() => watcher.stop());
  const show = (...cosigned: readonly (boolean | undefined)[]) => {
    for (const [at, { key }] of logs.entries()) {
      const isCosigned = cosigned[at];
      if (isCosigned === undefined) shown.of.delete(key.name);
      else shown.of.set(key.name, { size: 10, isCosigned });
    }
  };
  /** How it stands after looks a minute apart. */
  const after = async (minutes: number, at: (minute: number) => void) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      at(minute);
      await watcher.look();
      clock.advance(MINUTE_MS);
    }
    return watcher.reading().state;
  };

  it('are those of one log: each may miss a look, and never both at once', async () => {
    expect(await after(30, (minute) => show(minute % 2 === 0, minute % 2 === 1))).toBe('ok');
  });

  it('are seen though another log has its quorum, and no less once that log is not served any more', async () => {
    expect(await after(10, () => show(true, false))).toBe('ok');
    expect(await after(2, () => show(true, false))).toBe('degraded');
    expect(await after(1, () => show(true, undefined))).toBe('degraded');
    expect(await after(1, () => show(true, true))).toBe('ok');
    expect(await after(12, () => show(undefined, undefined))).toBe('degraded');
  });

  it('are seen by who is shown nothing at all, and not of a window that is not opened yet', async () => {
    expect(await after(30, () => show(true, undefined))).toBe('ok');
    expect(await after(12, () => show(undefined, undefined))).toBe('degraded');
  });

  it('are seen by who is shown only the window before that of its receipts, and begin with the first of these', async () => {
    const [, { key }] = logs;
    expect(await after(30, () => show(true, undefined))).toBe('ok');
    const note = await logs[1].note(20);
    const opened = openNote(note, [key]);
    if (opened.ok) watcher.seen(opened.value, Buffer.from(note));
    expect(await after(9, () => show(true, undefined))).toBe('ok');
    expect(await after(2, () => show(true, undefined))).toBe('degraded');
  });

  it('are not those of witnesses that stay behind a log which grows at each look', async () => {
    const [log] = logs;
    const seen = async (size: number) => {
      const note = await log.note(size);
      const opened = openNote(note, [log.key]);
      if (opened.ok) watcher.seen(opened.value, Buffer.from(note));
    };
    // Receipts are two looks ahead of what is cosigned.
    for (let minute = 0; minute < 24; minute += 1) {
      await seen(20 + minute);
      shown.of.set(log.key.name, { size: 18 + minute, isCosigned: true });
      await watcher.look();
      clock.advance(MINUTE_MS);
    }
    expect(watcher.reading().state).toBe('ok');
  });
});
