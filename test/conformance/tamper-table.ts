import { sha256 } from '#kernel';
import type { LogFiles } from './log-in-memory.js';

/** A change of what was exported, by the region of the file that it touches. */
export interface Mutation {
  /** Rows of the printed table. */
  readonly what: string;
  readonly files: LogFiles;
}

type Make = (files: LogFiles) => Generator<Mutation>;

function changed(files: LogFiles, path: string, bytes: Buffer): LogFiles {
  return new Map(files).set(path, bytes);
}

function flipped(bytes: Buffer, at: number, change = 1): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ change;
  return copy;
}

function without(files: LogFiles, path: string): LogFiles {
  const rest = new Map(files);
  rest.delete(path);
  return rest;
}

/** A partial file of an earlier checkpoint may be dropped; what it says stands in a longer one. */
function isSuperseded(path: string, files: LogFiles): boolean {
  const [, tile, width] = /^(.*)\.p\/(\d+)$/u.exec(path) ?? [];
  return [...files.keys()].some((other) => {
    const [, base, wider] = /^(.*)\.p\/(\d+)$/u.exec(other) ?? [];
    return tile !== undefined && base === tile && Number(wider) > Number(width);
  });
}

const kindOf = (path: string): string => {
  const [, kind = path] = /^(tile\/(?:entries|\d+)|snapshots|digests)\//u.exec(path) ?? [];
  return `${kind}${path.includes('.p/') ? ' (partial)' : ''}`;
};

/** Every byte, in one bit each: for files that are read whole at once. */
const everyByte: Make = function* (files) {
  for (const [path, bytes] of files) {
    const isCounted = path === 'checkpoint' || path.startsWith('digests/') || path.startsWith('snapshots/');
    if (!isCounted) continue;
    // Of a snapshot every seventh: all of it is one digest's.
    const step = path.startsWith('snapshots/') ? 7 : 1;
    for (let at = 0; at < bytes.length; at += step)
      yield { what: `flip a byte: ${regionOf(path, bytes, at)}`, files: changed(files, path, flipped(bytes, at)) };
  }
};

/** Lines of a checkpoint and the parts of its signature line. */
function regionOf(path: string, bytes: Buffer, at: number): string {
  if (path !== 'checkpoint') return kindOf(path);
  const text = bytes.subarray(0, at).toString('latin1');
  const line = text.split('\n').length - 1;
  if (line < 4) return `checkpoint ${['origin', 'size', 'root', 'blank line'][line] ?? ''}`;
  const word = text.slice(text.lastIndexOf('\n') + 1).split(' ').length - 1;
  return `checkpoint signature line, ${['dash', 'name', 'key id and signature'][word] ?? ''}`;
}

/** One bit in each hash of every tile: first, middle and last byte in turn. */
const everyHash: Make = function* (files) {
  for (const [path, bytes] of files) {
    if (!/^tile\/\d/u.test(path)) continue;
    for (let at = 0; at < bytes.length; at += 32)
      yield {
        what: `flip a byte: ${kindOf(path)}`,
        files: changed(files, path, flipped(bytes, at + ((at / 32) % 3) * 15)),
      };
  }
};

/** In each entry of every bundle: its length, and a byte of header, payload and signature. */
const everyEntry: Make = function* (files) {
  for (const [path, bytes] of files) {
    if (!path.startsWith('tile/entries/')) continue;
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
      const length = bytes.readUInt16BE(at);
      const dots = [...bytes.subarray(at + 2, at + 2 + length).entries()].filter(([, byte]) => byte === 0x2e);
      const regions: [string, number][] = [
        ['length', at],
        ['length', at + 1],
        ['header', at + 2 + (at % (dots[0]?.[0] ?? 1))],
        ['payload', at + 3 + (dots[0]?.[0] ?? 0) + (at % 50)],
        ['signature', at + 3 + (dots[1]?.[0] ?? 0) + (at % 80)],
      ];
      for (const [region, place] of regions)
        yield { what: `flip a byte: ${kindOf(path)}, ${region}`, files: changed(files, path, flipped(bytes, place)) };
    }
  }
};

/** What makes a file shorter, longer, empty, another one's, or gone. */
const everyFile: Make = function* (files) {
  for (const [path, bytes] of files) {
    const kind = path === 'checkpoint' ? path : kindOf(path);
    if (!isSuperseded(path, files)) yield { what: `missing: ${kind}`, files: without(files, path) };
    yield { what: `cut by a byte: ${kind}`, files: changed(files, path, bytes.subarray(0, -1)) };
    yield { what: `emptied: ${kind}`, files: changed(files, path, Buffer.alloc(0)) };
    for (const surplus of [
      Buffer.of(0),
      Buffer.of(0, 0),
      Buffer.from('\n'),
      Buffer.alloc(32),
      Buffer.from('\0\x05extra'),
    ])
      yield { what: `surplus bytes: ${kind}`, files: changed(files, path, Buffer.concat([bytes, surplus])) };
    const [other] = [...files].filter(
      ([name, content]) => name !== path && kindOf(name) === kindOf(path) && !content.equals(bytes),
    );
    if (other !== undefined) yield { what: `another file of its kind: ${kind}`, files: changed(files, path, other[1]) };
  }
  yield { what: 'surplus file', files: changed(files, 'tile/0/notes.txt', Buffer.from('x')) };
  yield { what: 'surplus file', files: changed(files, 'tile/0/000.p/256', Buffer.from('x')) };
  yield { what: 'surplus file', files: changed(files, `snapshots/${'0'.repeat(64)}`, Buffer.from('{}')) };
};

/** Swapped, doubled and dropped entries; with the tile of level 0 made to fit, as a careful forger would. */
const everyOrder: Make = function* (files) {
  const path = 'tile/entries/000';
  const bytes = files.get(path) ?? Buffer.alloc(0);
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
    entries.push(bytes.subarray(at, at + 2 + bytes.readUInt16BE(at)));
  const orders: [string, (list: Buffer[], at: number) => void][] = [
    ['swapped', (list, at) => void ([list[at], list[at + 1]] = [list[at + 1] as Buffer, list[at] as Buffer])],
    ['doubled', (list, at) => void (list[at + 1] = list[at] as Buffer)],
    ['dropped', (list, at) => void list.splice(at, 1)],
  ];
  for (const [name, order] of orders)
    for (let at = 0; at < 254; at += 23) {
      const list = [...entries];
      order(list, at);
      const bundle = changed(files, path, Buffer.concat(list));
      yield { what: `leaves ${name}`, files: bundle };
      const hashes = list.map((entry) => sha256(Buffer.concat([Buffer.of(0), entry.subarray(2)])));
      yield { what: `leaves ${name}, tile made to fit`, files: changed(bundle, 'tile/0/000', Buffer.concat(hashes)) };
    }
};

export const mutations: readonly Make[] = [everyByte, everyHash, everyEntry, everyFile, everyOrder];

/** For a large tree, where each look takes longer: every level, a hash in every so many, and the files' lengths. */
export function* tileMutations(files: LogFiles): Generator<Mutation> {
  const samples: [string, number][] = [
    ['tile/0/000', 51],
    ['tile/0/272', 51],
    ['tile/0/273.p/112', 28],
    ['tile/1/000', 17],
    ['tile/1/001.p/17', 1],
    ['tile/2/000.p/1', 1],
  ];
  for (const [path, step] of samples) {
    const bytes = files.get(path) ?? Buffer.alloc(0);
    for (let at = 0; at < bytes.length; at += 32 * step)
      yield { what: `flip a byte: ${path}`, files: changed(files, path, flipped(bytes, at + (at % 31), 0x80)) };
    yield { what: `missing: ${path}`, files: without(files, path) };
    yield { what: `cut by a hash: ${path}`, files: changed(files, path, bytes.subarray(0, -32)) };
    yield { what: `surplus hash: ${path}`, files: changed(files, path, Buffer.concat([bytes, bytes.subarray(0, 32)])) };
  }
}
