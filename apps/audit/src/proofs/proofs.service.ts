import { Inject, Injectable } from '@nestjs/common';
import { toBase64, type Result } from '#kernel';
import { consistencyPath, encodeTlogProof, inclusionPath, type PathReason } from '#tlog';
import { SERVED_LOG, type ServedLog } from '../discovery/served-log.js';
import { LogReaderStore, type StoredLeaf } from '../log-reader.store.js';
import { TilesService } from '../tiles/tiles.service.js';
import { proofsErrors } from './proofs.errors.js';

/** An exchange has at most four leaves; a case, one per transition. */
const MAX_LEAVES_OF_ID = 1_000;

export interface LeafChoice {
  readonly slot?: string;
  readonly signer?: string;
}

/**
 * Proofs for people without a tile client (`audit-log.md` §3.6). It computes them from the same tiles that it serves,
 * so whoever distrusts an answer can compute it too.
 */
@Injectable()
export class ProofsService {
  constructor(
    private readonly store: LogReaderStore,
    private readonly tiles: TilesService,
    @Inject(SERVED_LOG) private readonly log: ServedLog,
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

  /** The `.tlog-proof` of one leaf in the newest tree; undefined if this window has no such leaf. */
  async findReceipt(id: Buffer, choice: LeafChoice): Promise<string | undefined> {
    const leaf = await this.choose(id, choice);
    const head = await this.tiles.newestHead();
    if (leaf === undefined || head === undefined || leaf.index >= head.size) return undefined;
    const path = hashesOf(await inclusionPath(leaf.index, head.size, this.tiles.readTile));
    return encodeTlogProof({ index: leaf.index, path, checkpoint: head.note });
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
