import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import { IntakeStore } from '../intake/intake.store.js';
import type { Stamp } from '../intake/stamp.js';
import type { Standing, StandingLeaf } from '../intake/verdict.js';
import { LogReaderStore } from '../log-reader.store.js';
import { StandingPath } from '../sequencer/standing-path.service.js';
import { LOOK_BACK_MS } from './window-state.js';
import type { StoredWindow, WindowStore } from './window.store.js';

/** A tree that is signed, and the paths of leaves in it. */
export interface SignedTree {
  readonly logId: number;
  readonly note: string;
  readonly size: number;
  readonly paths: StandingPath;
}

interface Before extends SignedTree {
  readonly store: IntakeStore;
  /** By our clock: then nothing comes any more that this window could answer. */
  readonly untilMs: number;
}

/**
 * What intake asks about what stands: the window that is written and, for a day after it was closed, the one before
 * (`audit-log.md` §3.7). A leaf of that carries its number, so that its receipt is made there.
 */
export class IntakeWindow {
  constructor(
    readonly store: IntakeStore,
    readonly paths: StandingPath,
    private readonly before: Before | undefined,
    private readonly clock: Clock,
  ) {}

  async standing(stamps: readonly Stamp[]): Promise<Standing> {
    const { predecessor } = this;
    if (predecessor === undefined) return this.store.standing(stamps);
    const [here, there] = await Promise.all([this.store.standing(stamps), predecessor.store.standing(stamps)]);
    // What stands in both is the manifest that goes on: here it has a place in the newest tree.
    return {
      byHash: new Map([...marked(there.byHash, predecessor.logId), ...here.byHash]),
      bySlot: new Map([...marked(there.bySlot, predecessor.logId), ...here.bySlot]),
    };
  }

  get predecessor(): Before | undefined {
    return this.before !== undefined && this.clock.now() < this.before.untilMs ? this.before : undefined;
  }
}

/** Makes an `IntakeWindow` for the window that is taken over or opened. */
export class IntakeWindows {
  private readonly reader: LogReaderStore;

  constructor(
    private readonly database: Database,
    private readonly windows: WindowStore,
    private readonly clock: Clock,
  ) {
    this.reader = new LogReaderStore(database);
  }

  async at(logId: number): Promise<IntakeWindow> {
    const before = await this.windows.byId(logId - 1);
    return new IntakeWindow(
      new IntakeStore(this.database, logId),
      new StandingPath(this.reader, logId),
      before === undefined ? undefined : this.beforeOf(before),
      this.clock,
    );
  }

  private beforeOf({ logId, note, size, closedAtMs, nowMs }: StoredWindow): Before {
    return {
      logId,
      note,
      size,
      store: new IntakeStore(this.database, logId),
      paths: new StandingPath(this.reader, logId),
      untilMs: this.clock.now() + LOOK_BACK_MS - (nowMs - (closedAtMs ?? nowMs)),
    };
  }
}

function* marked(leaves: ReadonlyMap<string, StandingLeaf>, logId: number): Generator<[string, StandingLeaf]> {
  for (const [key, leaf] of leaves) yield [key, { ...leaf, logId }];
}
