import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#platform';
import { eventually } from '#testing';
import {
  checkpointText,
  ed25519Seed,
  EMPTY_ROOT,
  leafHash,
  noteSigner,
  parseVkey,
  signNote,
  type NoteKey,
} from '#tlog';
import type { LogHead } from './log-head.js';
import { Sequencer, type SequencedLog } from './sequencer.service.js';

const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 1));
const logs = ['2026h2', '2026h2-2'].map((window) => {
  const signer = noteSigner(`audit.test.example/TEST/0/${window}`, publicKey, sign);
  const key = parseVkey(signer.vkey);
  return { signer, key: (key.ok ? key.value : undefined) as NoteKey };
});
const leaf = {
  xid: Buffer.alloc(16),
  slot: 'c0',
  signer: 'TEST/x',
  leafHash: leafHash(Buffer.of(1)),
  body: Buffer.of(1),
  index: 0,
  offset: 0n,
};

/** Commits when the spec says so, and knows nothing of who owns what. */
class Store {
  head: LogHead | undefined;
  private waiting: ((isCommitted: boolean) => void) | undefined;
  private readonly committed = () => new Promise<boolean>((resolve) => (this.waiting = resolve));

  constructor(readonly logId: number) {}

  readonly claim = () => Promise.resolve(1n);
  readonly vacate = () => Promise.resolve(true);
  readonly damage = () => Promise.resolve(undefined);
  readonly ownHead = () => Promise.resolve(this.head);
  readonly edge = () => Promise.resolve({ leaves: [], tiles: [], surplus: 0 });
  readonly append = this.committed;
  readonly open = this.committed;

  /** Resolves when a commit is under way. */
  async begun(): Promise<void> {
    await eventually(() => this.waiting !== undefined);
  }

  async commit(): Promise<void> {
    await this.begun();
    this.waiting?.(true);
    this.waiting = undefined;
  }
}

describe('who let go of the log while a commit was under way', () => {
  let stores: Store[];
  let sequencer: Sequencer;
  const logAt = (at: number) =>
    ({ ...logs[at], store: stores[at], compare: () => Promise.resolve() }) as unknown as SequencedLog;
  beforeEach(async () => {
    stores = [1, 2].map((logId) => new Store(logId));
    const [first] = stores;
    const { signer } = logs[0] as (typeof logs)[0];
    const note = await signNote(checkpointText(signer.name, 0, EMPTY_ROOT), [signer]);
    const empty = { size: 0, root: EMPTY_ROOT, frontier: Buffer.alloc(0), nextOffset: 0n };
    if (first !== undefined) first.head = { origin: signer.name, ...empty, epoch: 1n, note };
    sequencer = new Sequencer({ ...logAt(0), logger: silentLogger(), topic: 'audit.stamp.0' });
    await sequencer.claim(undefined);
    await sequencer.takeOver();
  });

  const lettingGo = [
    ['gave it back', () => sequencer.vacate()],
    ['found it damaged', () => sequencer.condemn('leaf-hash')],
    ['was stopped', () => sequencer.stop()],
  ] as const;

  it.each(lettingGo)('does not own it again by that commit: %s', async (_how, letGo) => {
    const appending = sequencer.append([leaf], [], 1n);
    await stores[0]?.begun();
    await letGo();
    await stores[0]?.commit();
    // It is committed, so its receipts may go out.
    expect((await appending).extension.size).toBe(1);
    expect([sequencer.isOwner, sequencer.isClaimed]).toEqual([false, false]);
    await expect(sequencer.append([leaf], [], 2n)).rejects.toMatchObject({ code: 'log-not-owned' });
  });

  it.each(lettingGo)('does not own the successor that it has opened: %s', async (_how, letGo) => {
    const closing = sequencer.append([leaf], [], 1n, true);
    await stores[0]?.commit();
    await closing;
    const opening = sequencer.open(logAt(1), [leaf], []);
    await stores[1]?.begun();
    await letGo();
    await stores[1]?.commit();
    expect((await opening).extension.size).toBe(1);
    expect([sequencer.logId, sequencer.isOwner, sequencer.isClaimed]).toEqual([2, false, false]);
  });
});
