import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '#local';
import { checkpointText, encodeBundle, GrowingTree, leafHash, signNote, tilePath } from '#tlog';
import { freshLogKey } from './log-in-memory.js';

/** The judge of the recovery drills has to find what it is there for: a verifier that nods is worth nothing. */
const SCRIPT = join(repositoryRoot(), 'test/conformance/verify-receipts.py');
const hasTools = ['python3', 'openssl'].every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0);
const BATCHES = [1, 5, 250, 44];

interface Kept {
  leaf: string;
  index: number;
  size: number;
  path: string[];
  note: string;
}

const signer = freshLogKey();
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
/** As a JWS is split, with its type inside. */
const leafOf = (text: string) => Buffer.from(`e30.${Buffer.from(JSON.stringify({ t: text })).toString('base64url')}.x`);
const noteOf = (tree: GrowingTree) => signNote(checkpointText(signer.name, tree.size, tree.root()), [signer]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kerege-verify-receipts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A log of those leaves, batch by batch, and the receipt of each leaf. */
async function grown(leaves: readonly Buffer[], batches = BATCHES): Promise<{ note: string; receipts: Kept[] }> {
  let tree = GrowingTree.empty();
  const receipts: Kept[] = [];
  for (const count of batches) {
    const first = tree.size;
    const batch = leaves.slice(first, first + count);
    const extension = tree.extend(batch.map(leafHash));
    tree = extension.next;
    const note = await noteOf(tree);
    for (const [at, leaf] of batch.entries()) {
      const path = extension.path(first + at).map(base64);
      receipts.push({ leaf: base64(leaf), index: first + at, size: tree.size, path, note });
    }
  }
  return { note: await noteOf(tree), receipts };
}

function write(name: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

/** Writes what the log shows, and asks. */
function judge(note: string, leaves: readonly Buffer[], receipts: readonly Kept[], stamped: readonly Buffer[]) {
  write('log/checkpoint', note);
  for (let first = 0; first < leaves.length; first += 256) {
    const width = Math.min(256, leaves.length - first);
    const path = tilePath({ level: 'entries', index: first / 256, width });
    write(`log/${path}`, encodeBundle(leaves.slice(first, first + width)));
  }
  write('trust.json', JSON.stringify({ logs: [signer.vkey] }));
  const lines = [...receipts, ...stamped.map((leaf) => ({ stamped: base64(leaf) }))];
  write('released.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  const args = [join(folder, 'log'), join(folder, 'trust.json'), join(folder, 'released.jsonl')];
  const { status, stdout } = spawnSync('python3', [SCRIPT, ...args], { encoding: 'utf8' });
  return { status, said: stdout.trim() };
}

const leaves = Array.from({ length: 300 }, (_, at) => leafOf(`leaf ${at}`));

(hasTools ? describe : describe.skip)('verify-receipts.py', () => {
  it('takes a log that has what was released, and counts', async () => {
    const { note, receipts } = await grown(leaves);
    const { status, said } = judge(note, leaves, receipts, leaves.slice(1));
    expect(status).toBe(0);
    expect(JSON.parse(said)).toEqual({
      verified: true,
      size: 300,
      receipts: 300,
      notes: 4,
      stamped: 299,
      others: { 'leaf 0': 1 },
    });
  });

  it('refuses a log that forgot what it had released, though it is a good log of its own', async () => {
    const { receipts } = await grown(leaves);
    const older = await grown(leaves, [1, 5, 250]);
    expect(judge(older.note, leaves.slice(0, 256), receipts, []).said).toContain('a receipt knows 300 leaves');
  });

  it('refuses a fork, though every receipt proves itself', async () => {
    const { receipts } = await grown(leaves);
    const other = leaves.with(100, leafOf('of an attacker'));
    const forked = await grown(other);
    expect(judge(forked.note, other, receipts, []).said).toContain('the tree of 256 leaves is not the one');
  });

  it('refuses a stamp that is lost, and one that is there twice', async () => {
    const { note, receipts } = await grown(leaves);
    expect(judge(note, leaves, receipts, [leafOf('never integrated')]).said).toBe('NOT VERIFIED: a stamp is lost');
    const twice = leaves.with(299, leaves[7]!);
    const doubled = await grown(twice);
    expect(judge(doubled.note, twice, doubled.receipts, []).said).toBe('NOT VERIFIED: a leaf is there twice');
  });

  it('refuses bundles that do not give the root, and a checkpoint of a stranger', async () => {
    const { note, receipts } = await grown(leaves);
    const altered = leaves.with(3, leafOf('leaf 3!'));
    expect(judge(note, altered, receipts, []).said).toContain('the leaves do not give the root');
    const stranger = freshLogKey();
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    expect(judge(await signNote(text, [stranger]), leaves, [], []).said).toContain('is not signed by the log');
  });

  const spoilt: [string, (receipt: Kept, others: Kept[]) => Partial<Kept>, string][] = [
    ['of another leaf', () => ({ leaf: base64(leafOf('x')) }), 'proves nothing'],
    ['with another path', ({ path }) => ({ path: [...path].reverse() }), 'proves nothing'],
    ['with a path that is too long', ({ path }) => ({ path: [...path, path[0]!] }), 'proves nothing'],
    ['of another index', ({ index }) => ({ index: index + 1 }), 'proves nothing'],
    ['of another size', ({ size }) => ({ size: size + 1 }), 'proves nothing'],
    ['with a forged signature', ({ note }) => ({ note: flipped(note) }), 'wrong signature'],
    ['with the checkpoint of another size', (_, others) => ({ note: others[0]!.note }), 'proves nothing'],
  ];
  it.each(spoilt)('refuses a receipt %s', async (_what, spoil, problem) => {
    const { note, receipts } = await grown(leaves);
    const one = receipts[200]!;
    const { status, said } = judge(note, leaves, [{ ...one, ...spoil(one, receipts) }], []);
    expect([status, said]).toEqual([1, expect.stringContaining(problem)]);
  });
});

/** The same note with one bit of its signature changed. */
function flipped(note: string): string {
  const at = note.lastIndexOf(' ') + 1;
  const blob = Buffer.from(note.slice(at).trim(), 'base64');
  blob[40]! ^= 1;
  return `${note.slice(0, at)}${blob.toString('base64')}\n`;
}
