import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  checkpointText,
  EMPTY_ROOT,
  GrowingTree,
  leafHash,
  openNote,
  signNote,
  verifyConsistency,
  verifyInclusion,
} from '#tlog';
import { growingTo, leafHashes, logSigner, noteKey, pathsOf, witnessSigner } from './tlog-known-answers.js';

/**
 * The shared vectors of `audit-log.md` §2.9, computed by other implementations. They lie outside the repository; where
 * they are absent the suite says so and the figures in `tlog-known-answers.spec.ts` still stand.
 */
const file = new URL('../../../shared/vectors/tlog.json', import.meta.url);
const present = existsSync(file);
const hashesSchema = z.array(z.string());
const schema = z.object({
  roots: z.record(z.string(), z.string()),
  inclusion: z.array(z.object({ index: z.number(), size: z.number(), path: hashesSchema })),
  consistency: z.array(z.object({ from: z.number(), to: z.number(), proof: hashesSchema })),
  logKey: z.object({ seedHex: z.string(), name: z.string(), vkey: z.string() }),
  witnessKey: z.object({ seedHex: z.string(), name: z.string(), vkey: z.string() }),
  checkpointSize8: z.object({ note: z.string(), cosigned: z.string(), cosignTime: z.number() }),
});

const NONE: z.infer<typeof schema> = {
  roots: {},
  inclusion: [],
  consistency: [],
  logKey: { seedHex: '', name: '', vkey: '' },
  witnessKey: { seedHex: '', name: '', vkey: '' },
  checkpointSize8: { note: '', cosigned: '', cosignTime: 0 },
};

(present ? describe : describe.skip)('shared vectors of the log (skipped where ../shared/vectors is absent)', () => {
  const vectors = present ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : NONE;
  const rootAt = (size: number): Buffer => Buffer.from(vectors.roots[size] ?? '', 'hex');
  const decode = (list: readonly string[]): Buffer[] => list.map((text) => Buffer.from(text, 'base64'));

  it('gives every root, in one batch and in many', () => {
    const sizes = Object.keys(vectors.roots).map(Number);
    expect(sizes.length).toBeGreaterThan(40);
    let tree = GrowingTree.empty();
    for (const size of sizes.sort((a, b) => a - b)) {
      tree = tree.extend(leafHashes(tree.size, size)).next;
      expect([size, tree.root().toString('hex')]).toEqual([size, vectors.roots[size]]);
    }
    expect(growingTo(600).root()).toEqual(rootAt(600));
    expect(rootAt(0)).toEqual(EMPTY_ROOT);
  });

  it('makes and accepts every inclusion path', async () => {
    const { inclusion } = pathsOf(64);
    for (const { index, size, path } of vectors.inclusion) {
      expect((await inclusion(index, size)).map((hash) => hash.toString('base64'))).toEqual(path);
      const leaf = leafHash(Buffer.from(`leaf-${index}`));
      expect(verifyInclusion(leaf, index, size, decode(path), growingTo(size).root())).toBe(true);
    }
    expect(vectors.inclusion.length).toBeGreaterThan(100);
  });

  it('makes and accepts every consistency proof', async () => {
    const { consistency } = pathsOf(64);
    for (const { from, to, proof } of vectors.consistency) {
      expect((await consistency(from, to)).map((hash) => hash.toString('base64'))).toEqual(proof);
      const head = (size: number): { size: number; root: Buffer } => ({ size, root: growingTo(size).root() });
      expect(verifyConsistency(head(from), head(to), decode(proof))).toBe(true);
    }
    expect(vectors.consistency.length).toBeGreaterThan(100);
  });

  it('signs and cosigns the checkpoint of size 8 to the byte, and opens it', async () => {
    const log = logSigner(vectors.logKey.name, vectors.logKey.seedHex);
    const { seedHex, name } = vectors.witnessKey;
    const witness = witnessSigner(name, seedHex, vectors.checkpointSize8.cosignTime);
    expect(log.vkey).toBe(vectors.logKey.vkey);
    expect(witness.vkey).toBe(vectors.witnessKey.vkey);
    const text = checkpointText(log.name, 8, rootAt(8));
    expect(await signNote(text, [log])).toBe(vectors.checkpointSize8.note);
    expect(await signNote(text, [log, witness])).toBe(vectors.checkpointSize8.cosigned);
    const opened = openNote(vectors.checkpointSize8.cosigned, [noteKey(log.vkey), noteKey(witness.vkey)]);
    expect(opened.ok && opened.value.signers).toHaveLength(2);
    expect(opened.ok && opened.value.root).toEqual(rootAt(8));
  });
});
