import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import { isStep } from '../intake/case-chain.js';
import { slotKey } from '../intake/decide.js';
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
 * What intake asks about what stands: the window that is written and, for a day after it was closed, any before it
 * (`audit-log.md` §3.7). A leaf of that carries its number, so that its receipt is made there.
 */
export class IntakeWindow {
  constructor(
    readonly logId: number,
    readonly store: IntakeStore,
    readonly paths: StandingPath,
    private readonly before: readonly Before[],
    private readonly clock: Clock,
  ) {}

  /**
   * What stands of the exchanges that the stamps name. Of a case also what stands in windows that nobody else looks into
   * any more: it may rest for months, and its next step follows its last one wherever that is.
   */
  async standing(stamps: readonly Stamp[]): Promise<Standing> {
    const recent = await this.recent(stamps);
    const resting = stamps.filter((stamp) => isUnfollowed(stamp, recent));
    return resting.length === 0 ? recent : this.withFrozen(recent, resting);
  }

  /** Slots alone: nothing is proven there any more, and whoever repeats a step is told that its slot is taken. */
  private async withFrozen(recent: Standing, resting: readonly Stamp[]): Promise<Standing> {
    const nowMs = this.clock.now();
    const frozen = this.before.filter(({ untilMs }) => nowMs >= untilMs).map(({ logId }) => logId);
    if (frozen.length === 0) return recent;
    const slots = await this.store.slotsIn(frozen, resting);
    return { byHash: recent.byHash, bySlot: new Map([...slots, ...recent.bySlot]) };
  }

  private async recent(stamps: readonly Stamp[]): Promise<Standing> {
    const { predecessors } = this;
    if (predecessors.length === 0) return this.store.standing(stamps);
    const [here, ...there] = await Promise.all(
      [this, ...predecessors].map(async ({ store }) => store.standing(stamps)),
    );
    const marks = there.map((standing, at) => ({ standing, logId: predecessors[at]?.logId ?? 0 }));
    // What stands in several is the manifest that goes on: here it has a place in the newest tree.
    const merged = (of: 'byHash' | 'bySlot') =>
      new Map([...marks.flatMap(({ standing, logId }) => [...marked(standing[of], logId)]), ...(here?.[of] ?? [])]);
    return { byHash: merged('byHash'), bySlot: merged('bySlot') };
  }

  /** Oldest first. */
  get predecessors(): readonly Before[] {
    const nowMs = this.clock.now();
    return this.before.filter(({ untilMs }) => nowMs < untilMs);
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
    const before = (await this.windows.list()).filter((window) => window.logId < logId);
    return new IntakeWindow(
      logId,
      new IntakeStore(this.database, logId),
      new StandingPath(this.reader, logId),
      before.map((window) => this.beforeOf(window)),
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

/** A step of a case whose step before is not known yet; or its first, which nobody may take a second time. */
function isUnfollowed({ parsed }: Stamp, { bySlot }: Standing): boolean {
  if (!parsed.ok || !isStep(parsed.value.payload)) return false;
  const { id, seq } = parsed.value.payload;
  return seq === 1 || !bySlot.has(slotKey(id, { slot: `s${seq - 1}`, signer: '' }));
}

function* marked(leaves: ReadonlyMap<string, StandingLeaf>, logId: number): Generator<readonly [string, StandingLeaf]> {
  for (const [key, leaf] of leaves) yield [key, { ...leaf, logId }];
}
