import { encode, message, ReceiptsSchema } from '#contracts';
import { sha256 } from '#kernel';
import { checkpointText, ed25519Seed, GrowingTree, makeVkey, noteSigner, parseVkey, signNote } from '#tlog';
import { outcomeFor, readReceipts } from './receipt.js';

const ORIGIN = 'log.example/DEMO/0/2026h2';
const key = ed25519Seed(sha256('log'));
const leaves = ['a', 'b', 'c'].map((text) => sha256(text));
const own = leaves[2] ?? sha256('c');

async function receipts(change: { seed?: string; leafHash?: Buffer; index?: bigint; refused?: string } = {}) {
  const { publicKey, sign } = ed25519Seed(sha256(change.seed ?? 'log'));
  const tree = GrowingTree.empty().extend(leaves);
  const { root, size } = tree;
  const note = await signNote(checkpointText(ORIGIN, size, root), [noteSigner(ORIGIN, publicKey, sign)]);
  const leaf = {
    leafHash: change.leafHash ?? own,
    index: change.index ?? 2n,
    path: tree.path(2),
    refused: change.refused ?? '',
  };
  return encode(
    ReceiptsSchema,
    message(ReceiptsSchema, { note: Buffer.from(note), size: BigInt(size), leaves: [leaf] }),
  );
}

describe('readReceipts', () => {
  const parsed = parseVkey(makeVkey(ORIGIN, key.publicKey));
  const keys = parsed.ok ? [parsed.value] : [];

  it('believes a leaf that is proven under a note of the trusted log', async () => {
    const outcomes = readReceipts(await receipts(), keys);
    expect(outcomes).toMatchObject([{ kind: 'logged', index: 2 }]);
    expect(outcomeFor(own, outcomes ?? [])?.kind).toBe('logged');
    expect(outcomeFor(sha256('other'), outcomes ?? [])).toBeUndefined();
  });

  it.each([
    ['another log signed the note', { seed: 'stranger' }],
    ['the leaf is another', { leafHash: sha256('x') }],
    ['the index is another', { index: 1n }],
  ])('believes nothing where %s', async (_what, change) => {
    expect(readReceipts(await receipts(change), keys)).toMatchObject([{ kind: 'unproven' }]);
  });

  it('passes on a refusal, and knows what is no receipt', async () => {
    expect(readReceipts(await receipts({ refused: 'snapshot-unknown' }), keys)).toMatchObject([
      { kind: 'refused', reason: 'snapshot-unknown' },
    ]);
    expect(readReceipts(Buffer.from('no protobuf'), keys)).toBeUndefined();
  });
});
