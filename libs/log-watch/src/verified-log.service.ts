import { ok, refuse, type Result } from '#kernel';
import {
  consistencyPath,
  decodeBundle,
  Frontier,
  leafHash,
  openNote,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  verifyConsistency,
  type Checkpoint,
  type NoteKey,
  type TileAddress,
  type TileReader,
} from '#tlog';
import type { LogFiles } from './log-files.service.js';

/** A leaf that the log's signed head covers. */
export interface VerifiedLeaf {
  readonly index: number;
  readonly hash: Buffer;
  readonly body: Buffer;
}

/** The leaves behind a frontier, and the frontier behind them. */
export interface VerifiedLeaves {
  readonly leaves: readonly VerifiedLeaf[];
  readonly frontier: Frontier;
}

export interface SignedHead {
  readonly checkpoint: Checkpoint;
  readonly note: Buffer;
}

/**
 * `unsigned`: the checkpoint is none of this log. `inconsistent`: what was read before, what is read now and the signed
 * head cannot be of one tree. `incomplete`: a file that the head promises is not there, or not whole.
 */
export type LogFlaw = 'unsigned' | 'inconsistent' | 'incomplete';

const MAX_NOTE_BYTES = 256 * 1024;
const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + 65_535);
const BUNDLES_AT_ONCE = 4;

/**
 * One log, read leaf by leaf: nothing comes out of here that the log's key has not signed, and nothing that contradicts
 * the frontier of what came before. So who stores the frontier with the leaves' effects follows one log for ever.
 */
export class VerifiedLog {
  constructor(
    private readonly files: Pick<LogFiles, 'read'>,
    private readonly url: string,
    private readonly key: NoteKey,
  ) {}

  /** What everybody is shown now; undefined: the log has no head yet. */
  async head(): Promise<Result<SignedHead | undefined, LogFlaw>> {
    const note = await this.files.read(this.url, 'checkpoint', MAX_NOTE_BYTES);
    if (note === undefined) return ok(undefined);
    const opened = openNote(note, [this.key]);
    return opened.ok ? ok({ checkpoint: opened.value, note }) : refuse('unsigned');
  }

  /** The next leaves below `head`, at most `maxBundles` bundles of them. `head` is larger than `after`. */
  async next(after: Frontier, head: Checkpoint, maxBundles: number): Promise<Result<VerifiedLeaves, LogFlaw>> {
    const first = Math.floor(after.size / TILE_WIDTH);
    const end = Math.min(head.size, (first + maxBundles) * TILE_WIDTH);
    const bodies: Buffer[] = [];
    for (let index = first; index * TILE_WIDTH < end; index += BUNDLES_AT_ONCE) {
      const last = Math.min(index + BUNDLES_AT_ONCE, Math.ceil(end / TILE_WIDTH));
      const indices = Array.from({ length: last - index }, (_, at) => index + at);
      for (const bundle of await Promise.all(indices.map((at) => this.bundle(head.size, at)))) {
        if (bundle === undefined) return refuse('incomplete');
        bodies.push(...bundle);
      }
    }
    const known = after.size - first * TILE_WIDTH;
    const leaves = bodies.slice(known).map((body, at) => ({ index: after.size + at, hash: leafHash(body), body }));
    const frontier = after.extend(leaves.map(({ hash }) => hash));
    const proof = await consistencyPath(frontier.size, head.size, this.readTile);
    if (!proof.ok) return refuse('incomplete');
    const read = { size: frontier.size, root: frontier.root() };
    return verifyConsistency(read, head, proof.value) ? ok({ leaves, frontier }) : refuse('inconsistent');
  }

  private async bundle(size: number, index: number): Promise<Buffer[] | undefined> {
    const width = tileWidth(size, 'entries', index);
    const bytes = await this.tile({ level: 'entries', index, width }, MAX_BUNDLE_BYTES);
    if (bytes === undefined) return undefined;
    // A partial bundle that is gone has become full (C2SP tlog-tiles); its first entries are the ones that were asked for.
    return decodeBundle(bytes, width) ?? decodeBundle(bytes, TILE_WIDTH)?.slice(0, width);
  }

  private readonly readTile: TileReader = (tile) => this.tile(tile, TILE_WIDTH * 32);

  private async tile(address: TileAddress, maxBytes: number): Promise<Buffer | undefined> {
    const bytes = await this.files.read(this.url, tilePath(address), maxBytes);
    if (bytes !== undefined || address.width === TILE_WIDTH) return bytes;
    return this.files.read(this.url, tilePath({ ...address, width: TILE_WIDTH }), maxBytes);
  }
}
