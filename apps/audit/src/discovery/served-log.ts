import type { WitnessPolicy } from '#tlog';

/** The log that this process serves, from its configuration. */
export interface ServedLog {
  readonly logId: number;
  /** Origin of its checkpoints and name of its key, e.g. `audit.demo.example/DEMO/0/2026h2`. */
  readonly origin: string;
  readonly vkey: string;
  /** `<shard>/<window>` as it stands in paths: `/log/<shard>/<window>/…`. */
  readonly path: string;
  /** The tlog-tiles prefix under which outsiders reach it; ends with a slash. */
  readonly url: string;
  readonly state: 'open' | 'closed';
  /** Whose cosignatures are enough; absent where nobody witnesses. */
  readonly policy?: WitnessPolicy;
  /** How far behind the newest checkpoint a cosigned one may be that is shown in its place; absent: not at all. */
  readonly cosignedWithinMs?: number;
}

export const SERVED_LOG = Symbol('served log');
export const READ_CLOCK = Symbol('clock of the read side');
