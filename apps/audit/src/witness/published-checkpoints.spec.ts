import { describe, expect, it } from '@jest/globals';
import { fakeClock, TestLog } from '#testing';
import { cosigner, ed25519Seed, openWitnessed, parsePolicy, signatureLine } from '#tlog';
import type { PublishedCheckpointStore, PublishedNote } from './published-checkpoint.store.js';
import { PublishedCheckpoints } from './published-checkpoints.service.js';

const log = TestLog.create('audit.test.example/0/2026h2', 9);
const witnesses = [11, 12].map((fill) => {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, fill));
  return cosigner(`w${fill}.test.example`, publicKey, sign, () => 1_790_000_000);
});
const lines = witnesses.map(({ vkey }, at) => `witness w${at} ${vkey}`);
const parsed = parsePolicy([`log ${log.vkey}`, ...lines, 'group all all w0 w1', 'quorum all'].join('\n'));
if (!parsed.ok) throw new TypeError(parsed.reason.problem);
const policy = parsed.value;

const published = async (size: number, ageMs: number, by = witnesses): Promise<PublishedNote> => {
  const note = await log.note(size);
  const text = `${note.split('\n\n')[0] ?? ''}\n`;
  const cosignatures = await Promise.all(
    by.map(async (witness) => ({ source: witness.name, line: await signatureLine(text, witness) })),
  );
  return { size, note, ageMs, cosignatures };
};
const readerOf = (changes: { policy?: undefined } = {}) => {
  const clock = fakeClock();
  let notes: PublishedNote[] = [];
  const store = { newest: () => Promise.resolve(notes) } as unknown as PublishedCheckpointStore;
  const served = { logId: 1, origin: log.key.name, vkey: log.vkey, path: '0/2026h2', url: 'http://127.0.0.1/' };
  const log1 = { ...served, state: 'open' as const, cosignedWithinMs: 2_000, policy, ...changes };
  const reader = new PublishedCheckpoints(store, log1 as ConstructorParameters<typeof PublishedCheckpoints>[1], clock);
  /** Size of what is shown, and whether it has its quorum. */
  return async (...newestFirst: Promise<PublishedNote>[]) => {
    notes = await Promise.all(newestFirst);
    clock.advance(500);
    const shown = await reader.shown();
    if (shown === undefined) return undefined;
    const opened = openWitnessed(shown.note, policy);
    return [shown.size, opened.ok && opened.value.isWitnessed];
  };
};
const none: typeof witnesses = [];
const one = witnesses.slice(1);

describe('the checkpoint that everybody is shown', () => {
  it('has its quorum on a log that publishes each second, though witnesses take as long', async () => {
    const shown = readerOf();
    for (let size = 3; size < 9; size += 1)
      expect(
        await shown(published(size, 400, none), published(size - 1, 1_400, one), published(size - 2, 2_400)),
      ).toEqual([size - 2, true]);
  });

  it('is the newest where the cosigned one was left behind for too long: nothing is withheld', async () => {
    const shown = readerOf();
    expect(await shown(published(8, 400, none), published(7, 2_001, one), published(6, 9_000))).toEqual([8, false]);
  });

  it('is the newest as soon as that has its quorum, and on a log at rest however old', async () => {
    const shown = readerOf();
    expect(await shown(published(8, 100), published(7, 1_000))).toEqual([8, true]);
    expect(await shown(published(8, 9_000_000), published(7, 9_001_000))).toEqual([8, true]);
    expect(await shown(published(9, 50, none), published(8, 9_000_050))).toEqual([8, true]);
  });

  it('never shrinks', async () => {
    const shown = readerOf();
    expect(await shown(published(8, 2_100, none), published(7, 3_000, none))).toEqual([8, false]);
    expect(await shown(published(9, 100, none), published(8, 1_900, none), published(7, 3_000))).toEqual([9, false]);
    expect(await shown(published(9, 600, none), published(8, 2_400))).toEqual([9, false]);
    expect(await shown(published(9, 900), published(8, 2_700))).toEqual([9, true]);
  });

  it('is the newest where nobody witnesses, and none before anything was published', async () => {
    expect(await readerOf({ policy: undefined })(published(8, 10, none), published(7, 900, none))).toEqual([8, false]);
    expect(await readerOf()()).toBeUndefined();
  });
});
