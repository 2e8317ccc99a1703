import { describe, expect, it } from '@jest/globals';
import {
  checkpointText,
  encodeBundle,
  encodeTlogProof,
  GrowingTree,
  leafHash,
  openNote,
  openSignedNote,
  parseTlogProof,
  signNote,
  verifyInclusion,
} from '#tlog';
import { sha256 } from '#kernel';
import {
  allPairsDigests,
  growingTo,
  leafHashes,
  logSigner,
  noteKey,
  pathsOf,
  witnessSigner,
} from './tlog-known-answers.js';

/** The figures of `audit-log.md` §2.9; other implementations made them. */
const ORIGIN = 'audit.example.gov/exchange/2026h2';
const LOG_SEED = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const WITNESS_SEED = '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f';
const PATH_5_OF_8 = [
  '6p/BobbhkbRg0NYwbj6HDBc/OTMPE82htwz8cr3DmLo=',
  'OY6960bhee7/rO9GNf0wQQlU4Wm4jiJ0H6ls/7ECKoU=',
  'vdHF/1WxnLaw58dhv5psyqJ/u/wHt08fq7bpEaC9KrM=',
];
const COSIGNED = `${ORIGIN}
8
ymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=

\u2014 ${ORIGIN} r7rKEnwFkQRjOtKgVhOPVu+TyVRM/AhC024dLCrIScDHJH/SgHVaKCmiMefahXuQ/2Bj3uiJAPK8/H/BTGOdM0NVew4=
\u2014 witness.example.org/w1 88CAtgAAAABqsTuA1/aQJvjdBJlehMkzIkGwMskosUL2t9T//Qa/5tcTPHGqnwamfPTv64cebuofAkACqOprtEUF29I0DO0dDJiPCw==
`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('base64'));

describe('known answers of the log', () => {
  it('hashes leaves', () => {
    expect(
      leafHashes(0, 8)
        .map(hex)
        .filter((_, at) => [0, 1, 7].includes(at)),
    ).toEqual([
      '305df59f9590c3c9ac63d2b2743c388e3792449078cebf7fb3dbe6471643b2b7',
      '3145c409f259b7c53e32036090ff76751025a2498ba9823ef718cac50b4e616f',
      '060242692909024231d050c5d4434146ba77da322d450286f577c9f951615d53',
    ]);
  });

  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '305df59f9590c3c9ac63d2b2743c388e3792449078cebf7fb3dbe6471643b2b7'],
    [2, '60a53eed0de87a90c8e59427c59c46253c33a76a09502a51801300927b7e6bdc'],
    [3, 'cf763a041c81ceef1578a6083f75c61bef2e0014f2a3e683a97fcfca5be7f19a'],
    [4, 'bdd1c5ff55b19cb6b0e7c761bf9a6ccaa27fbbfc07b74f1fabb6e911a0bd2ab3'],
    [5, '00d21829a5503145348abcf712513eacf2a274211ad83e970202bb5b6d80b286'],
    [6, '160cf1a616e8792f9078a9665cb06520d95a33f467d0826f2310219d31383d73'],
    [7, '0b007fb915eb9b2a146f54b1c86ec53b664f8e455b7660b0b6ee13edc0d921c0'],
    [8, 'ca6b7b3e674ac86c1027b59c87c064fc3bc27b313294c75f83bd05fdd13f0dcf'],
    [256, 'f7ed5eb44be61908cdf66bb316813dc75442aa2a5b307177c06c728271356c91'],
    [257, '45d7e207b9bd948a0b1e55162edc386453c8a9853b5f3c457e25716c0be98ec2'],
    [70_000, '881c2f4c7c3b60c864d574aab91746a167220c520a2f833d86eee6dfefb9accb'],
  ])('has the root of %i leaves', (size, root) => {
    expect(hex(growingTo(size).root())).toBe(root);
  });

  it('proves all pairs up to 64 as Go does', async () => {
    expect(await allPairsDigests()).toEqual({
      inclusion: 'a03e79c45a94853e17fe892955d2d35f075cf5ebadc92c22c65dd3050d4867a8',
      consistency: 'ae51ed724a37f19d85e9ea55e573e3a0d21f0b9166c45a8957a8837fb7cf71d0',
    });
  });

  it('proves the single cases', async () => {
    const { inclusion, consistency } = pathsOf(8);
    expect(base64(await inclusion(5, 8))).toEqual(PATH_5_OF_8);
    expect(base64(GrowingTree.empty().extend(leafHashes(0, 8)).path(5))).toEqual(PATH_5_OF_8);
    expect(base64(await consistency(3, 7))).toEqual([
      '/KifV8n4yOtAR6f/nTM6z54PM4SyCyVbzqsPIW3Momc=',
      '92g2MlrsVpnY1x+OQunUfFwpsIBZuiljhPfKQK06QK4=',
      'YKU+7Q3oepDI5ZQnxZxGJTwzp2oJUCpRgBMAknt+a9w=',
      'jq5r07Ogfx917nKlMWKebrMeQuYvdg5H3lKlPDZB7yM=',
    ]);
    expect(base64(await consistency(4, 8))).toEqual(['9YqqtGEiEC1msAxetQsT3XY7X4ABObQk/aixysrhQIo=']);
    expect(await consistency(7, 7)).toEqual([]);
  });

  it('makes bundles and tiles of the known digests', () => {
    const entries = (from: number, to: number): Buffer =>
      encodeBundle(Array.from({ length: to - from }, (_, at) => Buffer.from(`leaf-${from + at}`)));
    expect(hex(sha256(entries(0, 8)))).toBe('bae5ee3698c9fb213c80a265d52752c418dc75c6bf5a78543e563d9a030e6f41');
    expect(hex(sha256(entries(512, 600)))).toBe('22922aad39ac3fd019d9c14f0b2479d9b89c32a9ac72cd29a33e60523e841180');
    expect(hex(sha256(Buffer.concat(leafHashes(0, 8))))).toBe(
      '5f83213c5cb1352957ff8ce0ba119b64e309ef3402c97ffe8c57a519d58e7174',
    );
    const roots = GrowingTree.empty()
      .extend(leafHashes(0, 600))
      .fullTiles.map((tile) => tile.root);
    expect(hex(sha256(Buffer.concat(roots)))).toBe('e5d0318b212ada6918c2e5bdffa4d599de3774c3bffcb56d306d7477efa59c2f');
  });

  it('signs, cosigns and opens the checkpoint of size 8', async () => {
    const log = logSigner(ORIGIN, LOG_SEED);
    const witness = witnessSigner('witness.example.org/w1', WITNESS_SEED, 1_790_000_000);
    expect(log.vkey).toBe(`${ORIGIN}+afbaca12+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4`);
    expect(witness.vkey).toBe('witness.example.org/w1+f3c080b6+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X');
    expect(await signNote(checkpointText(ORIGIN, 8, growingTo(8).root()), [log, witness])).toBe(COSIGNED);
    const opened = openNote(COSIGNED, [noteKey(log.vkey), noteKey(witness.vkey)]);
    expect(opened.ok && [opened.value.size, opened.value.signers.length]).toEqual([8, 2]);
  });

  it('issues the tlog-proof of leaf 5, which verifies', async () => {
    const path = await pathsOf(8).inclusion(5, 8);
    const text = encodeTlogProof({ index: 5, path, checkpoint: COSIGNED });
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nindex 5\n${PATH_5_OF_8.join('\n')}\n\n${COSIGNED}`);
    const proof = parseTlogProof(text);
    if (!proof.ok) throw new TypeError(proof.reason);
    const opened = openNote(proof.value.checkpoint, [noteKey(logSigner(ORIGIN, LOG_SEED).vkey)]);
    if (!opened.ok) throw new TypeError(opened.reason);
    const { size, root } = opened.value;
    expect(verifyInclusion(leafHash(Buffer.from('leaf-5')), proof.value.index, size, proof.value.path, root)).toBe(
      true,
    );
  });
});

describe('known answers published by others', () => {
  it('gives the root of Tessera’s test log and knows its public key', () => {
    const words = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'.split(' ');
    const tree = GrowingTree.empty().extend(words.map((word) => leafHash(Buffer.from(word))));
    expect(tree.root.toString('base64')).toBe('rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=');
    expect(noteKey('example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx').name).toBe(
      'example.com/log/testdata',
    );
  });

  it('opens the example of the signed-note specification', () => {
    const key = noteKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const signature = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
    const note = `This is an example message.\n\n\u2014 example.com/foo ${signature}\n`;
    expect(openSignedNote(note, [key])).toMatchObject({ ok: true, value: { text: 'This is an example message.\n' } });
    expect(openSignedNote(note.replace('example m', 'Example m'), [key])).toEqual({
      ok: false,
      reason: 'bad-signature',
    });
  });
});
