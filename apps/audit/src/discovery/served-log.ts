import type { WitnessPolicy } from '#tlog';
import type { WindowState } from '../windows/window-state.js';

/** A log that this process serves: one window of its shard. */
export interface ServedLog {
  readonly logId: number;
  /** Origin of its checkpoints and name of its key, e.g. `audit.demo.example/DEMO/0/2026h2`. */
  readonly origin: string;
  /** Empty if `trust.json` does not name the log any more. */
  readonly vkey: string;
  /** `<shard>/<window>` as it stands in paths: `/log/<shard>/<window>/…`. */
  readonly path: string;
  /** The tlog-tiles prefix under which outsiders reach it; ends with a slash. */
  readonly url: string;
  readonly state: WindowState;
  /** Whose cosignatures are enough; absent where nobody witnesses. */
  readonly policy?: WitnessPolicy;
  /** Origins of the windows beside it. */
  readonly predecessor?: string;
  readonly successor?: string;
  /** Signed note of a log that has its last leaf. */
  readonly finalCheckpoint?: string;
  /** How far behind the newest checkpoint a cosigned one may be that is shown in its place; absent: not at all. */
  readonly cosignedWithinMs?: number;
}

/** Which windows there are. */
export interface WindowSource {
  /** Oldest first, the one that is written last. */
  list(): Promise<readonly ServedLog[]>;
  /** As `list`, and sure to know a window that was opened by now. */
  listAgain(): Promise<readonly ServedLog[]>;
}

export const WINDOW_SOURCE = Symbol('windows that are served');
export const READ_DATABASE = Symbol('database of the read side');
export const READ_CLOCK = Symbol('clock of the read side');
