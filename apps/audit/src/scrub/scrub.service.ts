import { setImmediate as yieldTurn, setTimeout as rest } from 'node:timers/promises';
import { EMPTY_ROOT, edgeWidths, tileWidth, TILE_WIDTH, verifyInclusion, type NoteKey } from '#tlog';
import type { LogReaderStore } from '../log-reader.store.js';
import { checkHead } from '../sequencer/head-check.js';
import type { LogStore } from '../sequencer/log.store.js';
import { StandingPath } from '../sequencer/standing-path.service.js';
import type { Anchor, AnchorCheck, RootOracle } from './anchor-check.js';
import type { Finding } from './finding.js';
import { KeyOwners } from './key-owners.js';
import { checkLeafTile, checkTile, type CheckedTile, type LeafTrail } from './leaf-tile.js';
import { manifestAgrees, openSnapshot } from './manifest-row.js';
import { restMs } from './pace.js';
import type { ScrubPlace, ScrubStore } from './scrub.store.js';

export interface ScrubOptions {
  readonly logId: number;
  readonly store: ScrubStore;
  readonly log: Pick<LogStore, 'standing'>;
  readonly reader: LogReaderStore;
  readonly key: NoteKey;
  readonly anchors: readonly AnchorCheck[];
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

/** Tiles that one query reads: a thousand leaves. */
const TILES_PER_PAGE = 4;
const ROWS_PER_PAGE = 100;
/** A log as broken as that needs no longer list. */
const MAX_FINDINGS = 1_000;

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
  /** Digests whose snapshot is as it should be, with the digest list that it makes. */
  private readonly snapshots = new Map<string, string>();
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
    if (place.part !== 'anchors') await this.readTiles(size, place);
    await this.readAnchors(place);
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
        const opened = openSnapshot(row);
        if (opened === undefined || !this.owners.learn(opened.bytes))
          await this.found({ problem: 'snapshot', place: String(row.number) });
        else this.snapshots.set(row.digest.toString('hex'), opened.digests);
        await this.breathe();
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.number;
    }
  }

  private async readLeaves(size: number, place: ScrubPlace): Promise<void> {
    const { store } = this.options;
    const tiles = Math.ceil(size / TILE_WIDTH);
    const lastOffset = await store.offsetBefore(place.position * TILE_WIDTH);
    const trail: LeafTrail = { owners: this.owners, headers: new Map(), lastOffset };
    for (let first = place.position; first < tiles && !this.isOver(); first += TILES_PER_PAGE) {
      const rows = await store.leafTiles(first, TILES_PER_PAGE, size);
      const manifests = new Map<number, string>();
      for (let tile = first; tile < Math.min(first + TILES_PER_PAGE, tiles); tile += 1) {
        const width = tileWidth(size, 'entries', tile);
        const leaves = rows.find((row) => row.tile === tile);
        const checked: CheckedTile =
          leaves === undefined
            ? { findings: [{ problem: 'leaf-missing', place: `${tile * TILE_WIDTH}+${width}` }], manifests: new Map() }
            : checkLeafTile(leaves, width, trail);
        for (const finding of checked.findings) await this.found(finding);
        for (const [index, statement] of checked.manifests) manifests.set(index, statement);
        this.leaves += width;
        this.options.looked?.(width);
        await this.breathe();
      }
      await this.compareManifests(first * TILE_WIDTH, Math.min((first + TILES_PER_PAGE) * TILE_WIDTH, size), manifests);
      await store.moveTo({ part: 'leaves', position: first + TILES_PER_PAGE, passes: place.passes });
    }
  }

  /** Each manifest among the leaves has its row, each row its leaf, and both their snapshot. */
  private async compareManifests(first: number, end: number, leaves: ReadonlyMap<number, string>): Promise<void> {
    const rows = await this.options.store.manifests(first, end);
    const missing = new Set(leaves.keys());
    for (const row of rows) {
      const leaf = leaves.get(row.index);
      missing.delete(row.index);
      const holds =
        leaf !== undefined &&
        manifestAgrees(row, leaf) &&
        this.snapshots.get(row.digest.toString('hex')) === row.digests;
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
          for (const finding of checkTile(`${level}/${tile.index}`, tile.below, tile.stored)) await this.found(finding);
          await this.breathe();
        }
        await store.moveTo({ part: 'tiles', position: done + 1, passes });
      }
    }
  }

  private async readAnchors({ passes }: ScrubPlace): Promise<void> {
    const { store, reader, logId } = this.options;
    if (this.isOver()) return;
    await store.moveTo({ part: 'anchors', position: 0, passes });
    const isRoot = rootOracle(reader, logId);
    for (let last: Anchor | undefined; !this.isOver();) {
      const rows = await store.anchorsAfter(last, ROWS_PER_PAGE);
      for (const row of rows) {
        const check = this.options.anchors.find(({ kind }) => kind === row.kind);
        if (check !== undefined && !(await check.holds(row, isRoot)))
          await this.found({ problem: 'anchor', place: `${row.kind} ${row.size}` });
        await this.breathe();
      }
      last = rows.at(-1);
      if (last === undefined) return;
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

/** Whether the leaves have a root at an older size: the last leaf's inclusion path leads there, or does not. */
function rootOracle(reader: LogReaderStore, logId: number): RootOracle {
  const paths = new StandingPath(reader, logId);
  return async (size, root) => {
    if (size === 0) return root.equals(EMPTY_ROOT);
    const path = (await paths.pathsOf([size - 1], size)).get(size - 1);
    const leaf = await reader.leafHashes(logId, size - 1, 1);
    return path !== undefined && verifyInclusion(leaf, size - 1, size, path, root);
  };
}
