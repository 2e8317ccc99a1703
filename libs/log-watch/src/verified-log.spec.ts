import { describe, expect, it } from '@jest/globals';
import {
  checkpointText,
  ed25519Seed,
  encodeBundle,
  Frontier,
  GrowingTree,
  leafHash,
  noteSigner,
  parseTilePath,
  parseVkey,
  signNote,
  type Checkpoint,
} from '#tlog';
import { VerifiedLog } from './verified-log.service.js';

const SIZE = 1_500;
const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 7));
const signer = noteSigner('audit.test.example/0/2026h2', publicKey, sign);
const parsedKey = parseVkey(signer.vkey);
if (!parsedKey.ok) throw new TypeError(parsedKey.reason);
const key = parsedKey.value;

/** The files of a log in memory, of which any can be changed or taken away. */
class Files {
  readonly bodies = Array.from({ length: SIZE }, (_, at) => Buffer.from(`leaf-${at}`));
  readonly gone = new Set<string>();
  head = SIZE;

  root(size: number): Buffer {
    return GrowingTree.empty().extend(this.bodies.slice(0, size).map((body) => leafHash(body))).root;
  }

  async read(_prefix: string, path: string): Promise<Buffer | undefined> {
    if (this.gone.has(path)) return undefined;
    if (path === 'checkpoint')
      return Buffer.from(await signNote(checkpointText(signer.name, this.head, this.root(this.head)), [signer]));
    const address = parseTilePath(path);
    if (address === undefined) return undefined;
    const { level, index, width } = address;
    if (level === 'entries') return encodeBundle(this.bodies.slice(index * 256, index * 256 + width));
    const { fullTiles } = GrowingTree.empty().extend(this.bodies.map((body) => leafHash(body)));
    const hashes =
      level === 0
        ? this.bodies.map((body) => leafHash(body))
        : fullTiles.filter((tile) => tile.level === level - 1).map((tile) => tile.root);
    return Buffer.concat(hashes.slice(index * 256, index * 256 + width));
  }
}

async function headOf(log: VerifiedLog): Promise<Checkpoint> {
  const head = await log.head();
  if (!head.ok || head.value === undefined) throw new TypeError('no head');
  return head.value.checkpoint;
}

const read = async (files: Files, at: Frontier, bundles = 2) => {
  const log = new VerifiedLog(files, 'http://log/', key);
  return log.next(at, await headOf(log), bundles);
};

describe('a log that is read leaf by leaf', () => {
  it('gives every leaf once and in order, from wherever it was left', async () => {
    const files = new Files();
    let at = Frontier.empty();
    const seen: string[] = [];
    for (const size of [100, 700, 701, SIZE]) {
      files.head = size;
      while (at.size < size) {
        const next = await read(files, at);
        if (!next.ok) throw new TypeError(next.reason);
        expect(next.value.leaves[0]?.index).toBe(at.size);
        seen.push(...next.value.leaves.map(({ body }) => body.toString()));
        at = next.value.frontier;
      }
    }
    expect(seen).toEqual(files.bodies.map(String));
  });

  it('reads a partial bundle that is gone from the full one', async () => {
    const files = new Files();
    files.head = 100;
    files.gone.add('tile/entries/000.p/100');
    const next = await read(files, Frontier.empty());
    expect(next.ok && next.value.leaves.length).toBe(100);
  });

  it('gives nothing of a leaf that was changed, wherever it stands', async () => {
    for (const changed of [0, 300, 511, SIZE - 1]) {
      const files = new Files();
      const log = new VerifiedLog(files, 'http://log/', key);
      const head = await headOf(log);
      files.bodies[changed] = Buffer.from('another');
      const whole = await log.next(Frontier.empty(), head, 100);
      expect([changed, whole]).toEqual([changed, { ok: false, reason: 'inconsistent' }]);
    }
  });

  it('gives nothing behind a tree that the signed one does not continue', async () => {
    const files = new Files();
    const other = Frontier.empty().extend(Array.from({ length: 300 }, (_, at) => leafHash(Buffer.from(`other-${at}`))));
    expect(await read(files, other)).toEqual({ ok: false, reason: 'inconsistent' });
  });

  it('says that a file is missing, or cut, and not that the log is false', async () => {
    const files = new Files();
    files.gone.add('tile/entries/001');
    expect(await read(files, Frontier.empty())).toEqual({ ok: false, reason: 'incomplete' });
  });

  it('believes no checkpoint of another key', async () => {
    const stranger = ed25519Seed(Buffer.alloc(32, 8));
    const foreign = parseVkey(noteSigner(signer.name, stranger.publicKey, stranger.sign).vkey);
    if (!foreign.ok) throw new TypeError(foreign.reason);
    const log = new VerifiedLog(new Files(), 'http://log/', foreign.value);
    expect(await log.head()).toEqual({ ok: false, reason: 'unsigned' });
  });
});
