import { toBase64, type Result } from '#kernel';
import {
  consistencyPath,
  decodeBundle,
  encodeTlogProof,
  inclusionPath,
  inclusionPaths,
  TILE_WIDTH,
  tileWidth,
  type PathReason,
} from '#tlog';
import type { ServedLog } from '../discovery/served-log.js';
import type { LogReaderStore, StoredHead, StoredLeaf } from '../log-reader.store.js';
import type { TilesService } from '../tiles/tiles.service.js';
import type { PublishedCheckpoints } from '../witness/published-checkpoints.service.js';
import { proofsErrors } from './proofs.errors.js';

/** An exchange has at most four leaves; a case, one per transition. */
const MAX_LEAVES_OF_ID = 1_000;

export interface LeafChoice {
  readonly slot?: string;
  readonly signer?: string;
}

/** Leaves with their proofs in one tree. */
export interface ProvenLeaves {
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
  /** By index: the leaf's text and its `.tlog-proof`. */
  readonly leaves: ReadonlyMap<number, { readonly leaf: string; readonly proof: string }>;
}

/**
 * Proofs for people without a tile client (`audit-log.md` §3.6). It computes them from the same tiles that it serves,
 * so whoever distrusts an answer can compute it too.
 */
export class ProofsService {
  constructor(
    private readonly store: LogReaderStore,
    private readonly tiles: TilesService,
    private readonly published: PublishedCheckpoints,
    private readonly log: ServedLog,
  ) {}

  async inclusion(index: number, size: number): Promise<string[]> {
    if (index >= size) throw proofsErrors.error('proof-range');
    await this.requireSize(size);
    return hashesOf(await inclusionPath(index, size, this.tiles.readTile)).map(toBase64);
  }

  async consistency(from: number, to: number): Promise<string[]> {
    if (from > to) throw proofsErrors.error('proof-range');
    await this.requireSize(to);
    return hashesOf(await consistencyPath(from, to, this.tiles.readTile)).map(toBase64);
  }

  /** Undefined if this window has none. */
  async findLeaf(hash: Buffer): Promise<StoredLeaf | undefined> {
    const leaf = await this.store.leafByHash(this.log.logId, hash);
    return leaf !== undefined && (await this.tiles.holds(leaf.index + 1)) ? leaf : undefined;
  }

  /**
   * The `.tlog-proof` of one leaf: in the newest witnessed tree that holds it, else in the newest. Undefined if this
   * window has no such leaf.
   */
  async findReceipt(id: Buffer, choice: LeafChoice): Promise<string | undefined> {
    const leaf = await this.choose(id, choice);
    if (leaf === undefined) return undefined;
    const head = await this.headFor(leaf.index);
    if (head === undefined || leaf.index >= head.size) return undefined;
    const path = hashesOf(await inclusionPath(leaf.index, head.size, this.tiles.readTile));
    return encodeTlogProof({ index: leaf.index, path, checkpoint: head.note });
  }

  private async headFor(index: number): Promise<{ readonly size: number; readonly note: string } | undefined> {
    const cosigned = await this.published.cosigned();
    return cosigned !== undefined && cosigned.size > index ? cosigned : this.tiles.newestHead();
  }

  /** Proofs of many leaves against one checkpoint, the newest if none is given. What it does not cover is left out. */
  async proveAll(indices: readonly number[], checkpoint?: StoredHead): Promise<ProvenLeaves> {
    const head = checkpoint ?? (await this.tiles.newestHead());
    if (head === undefined) throw proofsErrors.error('leaf-unknown');
    const covered = [...new Set(indices)].filter((index) => index < head.size);
    const [paths, bodies] = await Promise.all([
      inclusionPaths(covered, head.size, this.tiles.readTile),
      this.bodiesOf(covered, head.size),
    ]);
    const leaves = new Map<number, { leaf: string; proof: string }>();
    for (const index of covered) {
      const path = paths.get(index);
      const body = bodies.get(index);
      if (path === undefined || body === undefined)
        throw proofsErrors.error('proof-impossible', { details: { index, reason: 'tile-missing' } });
      const proof = encodeTlogProof({ index, path, checkpoint: head.note });
      leaves.set(index, { leaf: body.toString('latin1'), proof });
    }
    return { size: head.size, checkpoint: head.note, leaves };
  }

  /** From the table; of a window whose leaves have left it, from its bundles. Left out: what is in neither. */
  private async bodiesOf(indices: readonly number[], size: number): Promise<ReadonlyMap<number, Buffer>> {
    const bodies = await this.store.bodiesOf(this.log.logId, indices);
    const missing = this.log.state === 'frozen' ? indices.filter((index) => !bodies.has(index)) : [];
    const tiles = Map.groupBy(missing, (index) => Math.floor(index / TILE_WIDTH));
    // One after another: a bundle may have megabytes.
    for (const [tile, wanted] of tiles) {
      const width = tileWidth(size, 'entries', tile);
      const bundle = await this.tiles.read({ level: 'entries', index: tile, width });
      const entries = bundle === undefined ? undefined : decodeBundle(bundle, width);
      for (const index of wanted) {
        const body = entries?.[index % TILE_WIDTH];
        if (body !== undefined) bodies.set(index, body);
      }
    }
    return bodies;
  }

  private async choose(id: Buffer, choice: LeafChoice): Promise<StoredLeaf | undefined> {
    const leaves = await this.store.leavesOf(this.log.logId, id, MAX_LEAVES_OF_ID);
    const matching = leaves.filter(
      ({ slot, signer }) => slot === (choice.slot ?? slot) && signer === (choice.signer ?? signer),
    );
    const [leaf] = matching;
    if (matching.length > 1)
      throw proofsErrors.error('receipt-ambiguous', {
        extensions: { leaves: matching.map(({ index, slot, signer }) => ({ index, slot, signer })) },
      });
    return leaf;
  }

  private async requireSize(size: number): Promise<void> {
    if (!(await this.tiles.holds(size))) throw proofsErrors.error('size-unknown');
  }
}

/** The ranges were checked, so only a hole in the tables is left: then the log cannot prove what its head claims. */
function hashesOf(path: Result<Buffer[], PathReason>): Buffer[] {
  if (!path.ok) throw proofsErrors.error('proof-impossible', { details: { reason: path.reason } });
  return path.value;
}
