import { describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { cosigner, ed25519Seed, parsePolicy } from '#tlog';
import type { PublishedNote } from '../witness/published-checkpoint.store.js';
import { StampableCheckpoints } from './stampable-checkpoints.service.js';

const log = TestLog.create('audit.test.example/0', 8);
const [one, two] = [11, 12].map((fill) => {
  const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, fill));
  return cosigner(`w${fill}.test.example`, publicKey, sign, () => 1_790_000_000);
}) as [ReturnType<typeof cosigner>, ReturnType<typeof cosigner>];
const parsed = parsePolicy(
  [`log ${log.vkey}`, `witness a ${one.vkey}`, `witness b ${two.vkey}`, 'group both all a b', 'quorum both'].join('\n'),
);
const policy = parsed.ok ? parsed.value : undefined;
const both = ['w11.test.example', 'w12.test.example'];

const note = (size: number, sources: readonly string[] = [], ageMs = 0): PublishedNote => ({
  size,
  note: `note of ${size}`,
  ageMs,
  cosignatures: sources.map((source) => ({ source, line: '' })),
});
/** Newest first, as the store gives them; each look finds the next of `looks`. */
const checkpoints = (looks: readonly (readonly PublishedNote[])[], witnessed = policy) => {
  let looked = 0;
  const newest = () => Promise.resolve([...(looks[Math.min(looked++, looks.length - 1)] ?? [])]);
  return new StampableCheckpoints({ store: { newest }, logId: 1, policy: witnessed, patienceMs: 300 });
};
const { signal } = new AbortController();

describe('the checkpoint that is stamped (audit-log.md §5)', () => {
  it('is the newest that was published, where nobody witnesses', async () => {
    const stampable = new StampableCheckpoints({
      store: { newest: () => Promise.resolve([note(7), note(5)]) },
      logId: 1,
      policy: undefined,
    });
    expect((await stampable.newest(5))?.size).toBe(7);
    expect(await stampable.newest(7)).toBeUndefined();
    expect((await stampable.holding(6, signal)).size).toBe(7);
  });

  it('is the newest with a quorum, though newer ones have none yet', async () => {
    const stampable = checkpoints([[note(8), note(7, both.slice(1)), note(6, both), note(5, both)]]);
    expect((await stampable.newest(4))?.size).toBe(6);
    expect(await stampable.newest(6)).toBeUndefined();
  });

  it('does not hang on witnesses: after a while any that was published will do', async () => {
    const stampable = checkpoints([[note(8, [], 299), note(7, [], 300), note(6, both, 900)]]);
    expect((await stampable.newest(6))?.size).toBe(7);
    expect((await stampable.newest(5))?.size).toBe(6);
    expect(await stampable.newest(7)).toBeUndefined();
  });

  it('is, at the end of a window, the first that holds all of it and has a quorum', async () => {
    const end = checkpoints([[note(6, both)], [note(8), note(7), note(6, both)], [note(8, both), note(7, both)]]);
    expect((await end.holding(7, signal)).size).toBe(7);
    expect((await checkpoints([[note(8), note(7), note(6, both)]]).holding(7, signal)).size).toBe(7);
    await expect(checkpoints([[note(6, both)]]).holding(7, signal)).rejects.toMatchObject({
      code: 'checkpoint-unpublished',
    });
    await expect(checkpoints([[]]).holding(7, AbortSignal.abort())).rejects.toMatchObject({
      code: 'checkpoint-unpublished',
    });
  });
});
