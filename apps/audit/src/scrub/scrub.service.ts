import { randomUUID } from 'node:crypto';
import { setImmediate as yieldTurn, setTimeout as rest } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { toHex } from '#kernel';
import { edgeWidths, GrowingTree, tileWidth, TILE_WIDTH, type NoteKey } from '#tlog';
import type { LogReaderStore } from '../log-reader.store.js';
import { checkHead } from '../sequencer/head-check.js';
import type { LogStore } from '../sequencer/log.store.js';
import { tileRoot } from '../sequencer/tile-root.js';
import type { SnapshotThread } from '../snapshots/snapshot-thread.service.js';
import type { AnchorCheck } from './anchor-check.js';
import { AnchoredTree, storedTree } from './anchored-tree.service.js';
import { AnchorReader } from './anchor-reader.service.js';
import type { Finding } from './finding.js';
import { KeyOwners } from './key-owners.js';
import { checkLeafTile, checkTile, isWhole, type LeafTile, type LeafTrail } from './leaf-tile.js';
import { LeafTree } from './leaf-tree.js';
import { manifestAgrees, type StoredSnapshotRow } from './manifest-row.js';
import { restMs } from './pace.js';
import type { ScrubPlace, ScrubStore } from './scrub.store.js';

export interface ScrubOptions {
  readonly logId: number;
  readonly store: ScrubStore;
  readonly log: Pick<LogStore, 'standing'>;
  readonly reader: LogReaderStore;
  readonly key: NoteKey;
  readonly anchors: readonly AnchorCheck[];
  readonly snapshots: Pick<SnapshotThread, 'open'>;
  /** Of one core, in percent: what a pass takes at most, PostgreSQL's time included. */
  readonly percent: number;
  /** Each finding once per pass, as soon as it is made. */
  readonly found: (finding: Finding) => Promise<void> | void;
  readonly looked?: (leaves: number) => void;
}

export interface PassReport {
  readonly leaves: number;
  readonly findings: number;
  /** False: it was given up, and the next one goes on where it stood. */
  readonly isComplete: boolean;
}

/** Tiles of level 0 that are read at once: four thousand leaves, some 4 MB; 32 if each were as long as intake takes it. */
const LEAF_TILES_PER_PAGE = 16;
/** Tiles of the levels above, or numbers of snapshots. */
const TILES_PER_PAGE = 4;
/** A log as broken as that needs no longer list. */
const MAX_FINDINGS = 1_000;
/** Manifests name them in order, so that few are asked for twice. */
const MAX_DOCS = 10_000;

/**
 * The background self-check of all that the log has in the database (`audit-log.md` §3.9): every row from its own bytes
 * up to the signed head. One pass looks at what the head had when it began. It only reads, it repairs nothing, and a
 * crash loses no more than the page in hand, because its place is kept.
 */
export class Scrub {
  constructor(private readonly options: ScrubOptions) {}

  async pass(signal: AbortSignal): Promise<PassReport> {
    return new Pass(this.options, signal).run();
  }
}

class Pass {
  private readonly owners = new KeyOwners();
  private readonly seen = new Set<string>();
  /** `doc` of a manifest of each snapshot that is as it should be, by digest. Another is opened again when it is needed. */
  private readonly docs = new LRUCache<string, string>({ max: MAX_DOCS });
  /** Names this pass to the thread that opens snapshots. */
  private readonly name = randomUUID();
  private leaves = 0;
  private workedSinceMs = performance.now();

  constructor(
    private readonly options: ScrubOptions,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<PassReport> {
    const { store } = this.options;
    const size = await this.head();
    if (size === undefined) return this.report(true);
    await this.surplus();
    await this.readSnapshots();
    const place = await store.place();
    if (place.part === 'leaves') await this.readLeaves(size, place);
    await this.readTiles(size, place);
    if (this.isOver()) return this.report(false);
    // What was looked at hangs on the head that stands now, not only on the one that stood when the pass began.
    await this.head();
    await store.moveTo({ part: 'leaves', position: 0, passes: place.passes + 1 }, true);
    return this.report(true);
  }

  private isOver(): boolean {
    return this.signal.aborted || this.seen.size >= MAX_FINDINGS;
  }

  private report(isComplete: boolean): PassReport {
    return { leaves: this.leaves, findings: this.seen.size, isComplete };
  }

  /** Size of the head, or undefined if there is none. */
  private async head(): Promise<number | undefined> {
    if (!(await this.options.store.hasHead())) {
      await this.found({ problem: 'head', place: 'missing' });
      return undefined;
    }
    const { head, edge } = await this.options.log.standing();
    const checked = checkHead(head, edge, this.options.key);
    if (!checked.ok) await this.found({ problem: 'head', place: checked.reason });
    return head.size;
  }

  private async surplus(): Promise<void> {
    for (const finding of await this.options.store.surplus()) await this.found(finding);
  }

  private async readSnapshots(): Promise<void> {
    for (let last = -Number.MAX_SAFE_INTEGER; !this.isOver();) {
      const rows = await this.options.store.snapshotsAfter(last, TILES_PER_PAGE);
      for (const row of rows) {
        if (!(await this.learn(row))) await this.found({ problem: 'snapshot', place: String(row.number) });
        await this.breathe();
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.number;
    }
  }

  /** False if it is none, or holds more than can be. */
  private async learn(row: StoredSnapshotRow): Promise<boolean> {
    const facts = await this.options.snapshots.open({ reader: this.name, ...row });
    if (facts === undefined) return false;
    this.docs.set(toHex(row.digest), facts.doc);
    return this.owners.learn(facts);
  }

  private async docOf(digest: Buffer): Promise<string | undefined> {
    const key = toHex(digest);
    if (!this.docs.has(key)) for (const row of await this.options.store.snapshotsOf(digest)) await this.learn(row);
    return this.docs.get(key);
  }

  private async readLeaves(size: number, place: ScrubPlace): Promise<void> {
    const { store } = this.options;
    const tiles = Math.ceil(size / TILE_WIDTH);
    const { start, tree } = await this.startAt(place.position, size);
    const lastOffset = await store.offsetBefore(start * TILE_WIDTH);
    const trail: LeafTrail = { owners: this.owners, headers: new Map(), lastOffset };
    await tree.grow(Buffer.alloc(0), start * TILE_WIDTH);
    for (let page = start; page < tiles && !this.isOver(); page += LEAF_TILES_PER_PAGE) {
      const end = Math.min((page + LEAF_TILES_PER_PAGE) * TILE_WIDTH, size);
      const rows = await store.leafTiles(page, LEAF_TILES_PER_PAGE, size);
      const manifests = new Map<number, string>();
      for (let tile = page; tile * TILE_WIDTH < end; tile += 1) {
        const first = tile * TILE_WIDTH;
        const width = tileWidth(size, 'entries', tile);
        const leaves = rows.find((row) => row.tile === tile);
        const hashes = leaves !== undefined && isWhole(leaves, width) ? leaves.hashes : undefined;
        const root = await tree.grow(hashes, first + width);
        if (leaves === undefined) await this.found({ problem: 'leaf-missing', place: `${first}+${width}` });
        else await this.compareLeaves(leaves, width, root ?? tileRoot(leaves.hashes), trail, manifests);
        this.leaves += width;
        this.options.looked?.(width);
        await this.breathe();
      }
      await this.compareManifests(page * TILE_WIDTH, end, manifests);
      await store.moveTo({ part: 'leaves', position: page + LEAF_TILES_PER_PAGE, passes: place.passes });
    }
  }

  private async compareLeaves(
    leaves: LeafTile,
    width: number,
    root: Buffer,
    trail: LeafTrail,
    manifests: Map<number, string>,
  ): Promise<void> {
    const checked = checkLeafTile(leaves, width, root, trail);
    for (const finding of checked.findings) await this.found(finding);
    for (const [index, statement] of checked.manifests) manifests.set(index, statement);
  }

  /** Begins with that tile of level 0, or with the first where the tiles left of it give no edge to go on from. */
  private async startAt(position: number, size: number): Promise<{ start: number; tree: AnchoredTree }> {
    const { anchors: checks, key, logId, reader, store } = this.options;
    const edge = await storedTree(position * TILE_WIDTH, (...range) => reader.tileRoots(logId, ...range));
    const start = edge === undefined ? 0 : position;
    const anchors = new AnchorReader(store, start === 0 ? 0 : start * TILE_WIDTH + 1, size);
    const tree = new LeafTree(key.name, edge ?? GrowingTree.empty());
    return { start, tree: new AnchoredTree({ tree, anchors, checks, found: (finding) => this.found(finding) }) };
  }

  /** Each manifest among the leaves has its row, each row its leaf, and both their snapshot. */
  private async compareManifests(first: number, end: number, leaves: ReadonlyMap<number, string>): Promise<void> {
    const rows = await this.options.store.manifests(first, end);
    const missing = new Set(leaves.keys());
    for (const row of rows) {
      const leaf = leaves.get(row.index);
      missing.delete(row.index);
      const holds = leaf !== undefined && manifestAgrees(row, leaf, await this.docOf(row.digest));
      if (!holds) await this.found({ problem: 'manifest', place: String(row.index) });
    }
    for (const index of missing) await this.found({ problem: 'manifest', place: String(index) });
  }

  private async readTiles(size: number, { part, position, passes }: ScrubPlace): Promise<void> {
    const { store } = this.options;
    const from = part === 'tiles' ? position : 0;
    let done = 0;
    // Level 0 was compared with its leaves.
    for (let level = 1; level < edgeWidths(size).length && !this.isOver(); level += 1) {
      const count = Math.floor(size / TILE_WIDTH ** (level + 1));
      for (let first = 0; first < count && !this.isOver(); first += TILES_PER_PAGE, done += 1) {
        if (done < from) continue;
        for (const tile of await store.upperTiles(level, first, Math.min(TILES_PER_PAGE, count - first))) {
          for (const finding of checkTile(`${level}/${tile.index}`, tile.below, tileRoot(tile.below), tile.stored))
            await this.found(finding);
          await this.breathe();
        }
        await store.moveTo({ part: 'tiles', position: done + 1, passes });
      }
    }
  }

  private async found(finding: Finding): Promise<void> {
    const key = `${finding.problem} ${finding.place}`;
    if (this.seen.has(key) || this.seen.size >= MAX_FINDINGS) return;
    this.seen.add(key);
    await this.options.found(finding);
  }

  /** After each few milliseconds of work: others get the thread, and we rest as long as our share wants. */
  private async breathe(): Promise<void> {
    const pauseMs = restMs(performance.now() - this.workedSinceMs, this.options.percent);
    if (pauseMs < 1 || this.signal.aborted) await yieldTurn();
    // Rejects when we are to end, which whoever asks next sees.
    else await rest(pauseMs, undefined, { signal: this.signal }).catch(() => undefined);
    this.workedSinceMs = performance.now();
  }
}
