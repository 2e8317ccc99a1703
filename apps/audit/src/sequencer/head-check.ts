import { ok, refuse, type Result } from '#kernel';
import { GrowingTree, leafHash, openNote, type NoteKey } from '#tlog';
import type { LogHead } from './log-head.js';
import { tileRoot } from './tile-root.js';

/** Everything that decides about the next append: the open tile of each level, as it is stored. */
export interface StoredEdge {
  /** Of level 0, in order of index. */
  readonly leaves: readonly { readonly leafHash: Buffer; readonly body: Buffer }[];
  /** Of the levels above, lowest first: the full tiles below each open one. */
  readonly tiles: readonly (readonly { readonly root: Buffer; readonly data: Buffer }[])[];
  /** Leaves that were stored beyond the head's size. */
  readonly surplus: number;
}

export type HeadProblem =
  | 'leaf-hash'
  | 'tile-root'
  | 'edge-widths'
  | 'root'
  | 'frontier'
  | 'note'
  | 'note-size'
  | 'note-root'
  | 'surplus-leaves';

/**
 * The self-check before the first append (`audit-log.md` §3.4): everything on the right edge is recomputed from the
 * bytes and compared with what is signed. It takes the same time however large the log is; what lies left of the edge
 * is the scrub's business.
 */
export function checkHead(head: LogHead, edge: StoredEdge, key: NoteKey): Result<GrowingTree, HeadProblem> {
  if (edge.surplus !== 0) return refuse('surplus-leaves');
  if (!edge.leaves.every((leaf) => leafHash(leaf.body).equals(leaf.leafHash))) return refuse('leaf-hash');
  if (!edge.tiles.flat().every((tile) => tileRoot(tile.data).equals(tile.root))) return refuse('tile-root');
  const levels = [edge.leaves.map((leaf) => leaf.leafHash), ...edge.tiles.map((row) => row.map((tile) => tile.root))];
  const tree = GrowingTree.fromEdge(head.size, head.size === 0 ? [] : levels);
  if (!tree.ok) return refuse('edge-widths');
  if (!tree.value.root().equals(head.root)) return refuse('root');
  if (!tree.value.frontier().equals(head.frontier)) return refuse('frontier');
  const note = openNote(head.note, [key]);
  if (!note.ok || note.value.origin !== head.origin) return refuse('note');
  if (note.value.size !== head.size) return refuse('note-size');
  if (!note.value.root.equals(head.root)) return refuse('note-root');
  return ok(tree.value);
}
