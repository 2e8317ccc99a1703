import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeTlogProof } from './encode-tlog-proof.js';
import { GrowingTree } from './growing-tree.js';
import { leafHash } from './hashing.js';
import { parseTlogProof } from './parse-tlog-proof.js';
import { consistencyPath, inclusionPath, inclusionPaths, rootAt, type TileReader } from './proof-path.js';
import { verifyConsistency } from './verify-consistency.js';
import { verifyInclusion } from './verify-inclusion.js';

const SIZE = 2_000;
const hashes = Array.from({ length: SIZE }, (_, index) => leafHash(Buffer.from(`leaf-${index}`)));
const whole = GrowingTree.empty().extend(hashes);

function rootOf(size: number): Buffer {
  return GrowingTree.empty().extend(hashes.slice(0, size)).root;
}

/** Tiles straight from the leaves and the full tiles of the tree; fails when asked for what no such tree has. */
const readTile: TileReader = ({ level, index, width }) => {
  const roots = whole.fullTiles.filter((tile) => tile.level === level - 1).map((tile) => tile.root);
  const entries = (level === 0 ? hashes : roots).slice(index * 256, index * 256 + width);
  return Promise.resolve(entries.length === width && width > 0 ? Buffer.concat(entries) : undefined);
};

const pair = fc.tuple(fc.integer({ min: 1, max: SIZE }), fc.nat()).map(([size, pick]) => ({ size, at: pick % size }));

async function included(at: number, size: number): Promise<Buffer[]> {
  const path = await inclusionPath(at, size, readTile);
  if (!path.ok) throw new TypeError(path.reason);
  return path.value;
}

async function consistent(from: number, to: number): Promise<Buffer[]> {
  const proof = await consistencyPath(from, to, readTile);
  if (!proof.ok) throw new TypeError(proof.reason);
  return proof.value;
}

describe('proofs from tiles', () => {
  it('come with the root of any tree that the log has been', async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 1_799, SIZE])
      expect(await rootAt(size, readTile)).toEqual({ ok: true, value: rootOf(size) });
    expect(await rootAt(SIZE + 1, readTile)).toEqual({ ok: false, reason: 'tile-missing' });
    expect(await rootAt(-1, readTile)).toEqual({ ok: false, reason: 'out-of-range' });
  });

  it('are the same for many leaves at once, which read each tile once', async () => {
    const read: string[] = [];
    const counting: TileReader = (tile) => {
      read.push(`${tile.level}/${tile.index}`);
      return readTile(tile);
    };
    const asked = [0, 1, 255, 256, 1_000, 1_000, 1_799, SIZE];
    const paths = await inclusionPaths(asked, 1_800, counting);
    expect([...paths.keys()]).toEqual([0, 1, 255, 256, 1_000, 1_799]);
    for (const [at, path] of paths) expect(path).toEqual(await included(at, 1_800));
    expect(new Set(read).size).toBe(read.length);
  });

  it('show any leaf in any tree, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(pair, fc.nat(), async ({ size, at }, spoil) => {
        const path = await included(at, size);
        const root = rootOf(size);
        const leaf = hashes[at] as Buffer;
        expect(verifyInclusion(leaf, at, size, path, root)).toBe(true);
        expect(verifyInclusion(leaf, at + 1, size, path, root)).toBe(false);
        expect(verifyInclusion(hashes[(at + 1) % SIZE] as Buffer, at, size, path, root)).toBe(false);
        expect(verifyInclusion(leaf, at, size, [...path, root], root)).toBe(false);
        if (path.length === 0) return;
        expect(verifyInclusion(leaf, at, size, path.slice(1), root)).toBe(false);
        const bent = path.map((hash) => Buffer.from(hash));
        const victim = bent[spoil % bent.length] as Buffer;
        victim[spoil % 32] = (victim[spoil % 32] as number) ^ 1;
        expect(verifyInclusion(leaf, at, size, bent, root)).toBe(false);
      }),
    );
  });

  it('show that an older tree is the beginning of a newer one, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(pair, async ({ size, at }) => {
        const from = { size: at, root: rootOf(at) };
        const to = { size, root: rootOf(size) };
        const proof = await consistent(at, size);
        expect(verifyConsistency(from, to, proof)).toBe(true);
        expect(verifyConsistency(from, to, [...proof, to.root])).toBe(false);
        if (at === 0) return;
        expect(verifyConsistency({ size: at, root: hashes[5] as Buffer }, to, proof)).toBe(false);
        expect(verifyConsistency(from, { size, root: hashes[5] as Buffer }, proof)).toBe(false);
        expect(verifyConsistency(to, from, proof)).toBe(false);
        expect(verifyConsistency(from, to, proof.slice(1))).toBe(false);
      }),
    );
  });

  it('accept equal sizes with equal roots only', async () => {
    const head = { size: 9, root: rootOf(9) };
    expect(await consistent(9, 9)).toEqual([]);
    expect(verifyConsistency(head, head, [])).toBe(true);
    expect(verifyConsistency(head, { size: 9, root: rootOf(8) }, [])).toBe(false);
    expect(verifyConsistency({ size: 0, root: rootOf(1) }, head, [])).toBe(false);
  });

  it('refuse what is out of range and say when a tile is missing or short', async () => {
    expect(await inclusionPath(5, 5, readTile)).toEqual({ ok: false, reason: 'out-of-range' });
    expect(await inclusionPath(-1, 5, readTile)).toEqual({ ok: false, reason: 'out-of-range' });
    expect(await inclusionPath(0.5, 5, readTile)).toEqual({ ok: false, reason: 'out-of-range' });
    expect(await consistencyPath(6, 5, readTile)).toEqual({ ok: false, reason: 'out-of-range' });
    expect(await inclusionPath(0, SIZE + 1, readTile)).toEqual({ ok: false, reason: 'tile-missing' });
    expect(await inclusionPath(0, 2, () => Promise.resolve(Buffer.alloc(63)))).toEqual({
      ok: false,
      reason: 'tile-missing',
    });
  });

  it('reject hashes that are not 32 bytes and counts that are no counts', () => {
    const leaf = hashes[0] as Buffer;
    expect(verifyInclusion(leaf, 0, 1, [], leaf)).toBe(true);
    expect(verifyInclusion(leaf.subarray(1), 0, 1, [], leaf.subarray(1))).toBe(false);
    expect(verifyInclusion(leaf, 0, Number.NaN, [], leaf)).toBe(false);
    expect(verifyInclusion(leaf, 0, 2 ** 53, [], leaf)).toBe(false);
  });
});

describe('tlog-proof', () => {
  const proof = { index: 5, path: hashes.slice(0, 3), checkpoint: 'origin\n8\nroot\n\n\u2014 name sig\n' };

  it('is read back as it was written', () => {
    expect(parseTlogProof(encodeTlogProof(proof))).toEqual({ ok: true, value: proof });
    const alone = { ...proof, path: [] };
    expect(parseTlogProof(encodeTlogProof(alone))).toEqual({ ok: true, value: alone });
  });

  it('tells of an extra line, which proves nothing', () => {
    const text = encodeTlogProof(proof).replace('\nindex', '\nextra AQI=\nindex');
    expect(parseTlogProof(text)).toEqual({ ok: true, value: { ...proof, extra: Buffer.from([1, 2]) } });
  });

  it('is refused when anything is out of form', () => {
    const good = encodeTlogProof(proof);
    const first = hashes[0]?.toString('base64') ?? '';
    const bad = [
      '',
      good.replace('@v1', '@v2'),
      good.replace('index 5', 'index 05'),
      good.replace('index 5', 'index -5'),
      good.replace('index 5', 'index 9007199254740992'),
      good.replace('index 5', 'extra A\nindex 5'),
      good.replace('\nindex 5', ''),
      good.replace(first, first.slice(4)),
      good.replace(first, first.replaceAll('=', '')),
      good.replace(first, `${first}\n`.repeat(63).slice(0, -1)),
      good.replaceAll('\n\n', '\n'),
    ];
    for (const text of bad) expect(parseTlogProof(text)).toEqual({ ok: false, reason: 'malformed-proof' });
  });
});
