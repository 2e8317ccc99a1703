import { sha256, toHex } from '#kernel';
import type { World } from '#testing';
import { publicJwk } from '#signing';
import { checkpointText, signNote, type NoteSigner } from '#tlog';
import { ExportedTree, type LogFile } from '../../../apps/audit/src/export/exported-tree.js';

/** Where files of a log are put: a folder, or a map. */
export type PutFile = (path: string, bytes: Buffer) => Promise<void> | void;

const LEAVES_PER_STEP = 4_096;

/** Lays leaves as the files of a log, with the exporter's own layout and a checkpoint by that signer. */
export async function layLog(
  leaves: AsyncIterable<Buffer> | Iterable<Buffer>,
  signer: NoteSigner,
  put: PutFile,
): Promise<void> {
  let tree = ExportedTree.empty();
  let bodies: Buffer[] = [];
  const write = async (files: readonly LogFile[]) => {
    for (const { path, bytes } of files) await put(path, bytes);
  };
  const grow = async () => {
    const { next, files } = tree.grow(bodies);
    await write(files);
    bodies = bodies.slice(next.openFrom - tree.openFrom);
    tree = next;
  };
  for await (const leaf of leaves) if (bodies.push(leaf) === LEAVES_PER_STEP) await grow();
  if (bodies.length > tree.size - tree.openFrom) await grow();
  await write(tree.edgeFiles(bodies));
  const note = await signNote(checkpointText(signer.name, tree.size, tree.root()), [signer]);
  await put('checkpoint', Buffer.from(note));
}

/** What the validity rule needs beside the leaves. */
export async function layWorld(world: World, put: PutFile): Promise<void> {
  await put(`snapshots/${toHex(sha256(world.bytes))}`, world.bytes);
  await put(`digests/${world.snapshot.number}`, Buffer.from(world.digests));
}

/** A `trust.json` for that log and that registry. */
export function trustOf(world: World, vkey: string): Buffer {
  const registry = world.keysOf('TEST/registry1').sign;
  return Buffer.from(
    JSON.stringify({
      v: 1,
      instance: 'TEST',
      logs: [vkey],
      registry: [{ ...publicJwk(registry), kid: registry.kid }],
      witnesses: null,
      timestampRoots: [],
    }),
  );
}
