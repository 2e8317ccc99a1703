import type { Clock } from '#kernel';
import type { WitnessPolicy } from '#tlog';
import type { ServedLog, WindowSource } from '../discovery/served-log.js';
import type { LogKeys } from './log-keys.service.js';
import { placeOf } from './window-name.js';
import { stateOf } from './window-state.js';
import type { StoredWindow, WindowStore } from './window.store.js';

export interface ServedWindowsOptions {
  readonly windows: WindowStore;
  readonly keys: Pick<LogKeys, 'trusted'>;
  /** Where outsiders reach this service. */
  readonly publicUrl: string;
  /** As `ServedLog` has it. */
  readonly cosignedWithinMs: number;
  readonly clock: Clock;
  /** Who witnesses the log; undefined: nobody. */
  readonly policy: WitnessPolicy | undefined;
}

const MAX_AGE_MS = 1_000;

/** The windows of the shard as readers see them, at most a second old; another process may have rotated. */
export class ServedWindows implements WindowSource {
  private known: readonly ServedLog[] = [];
  private loadedAtMs = -Infinity;

  constructor(private readonly options: ServedWindowsOptions) {}

  async list(): Promise<readonly ServedLog[]> {
    return this.options.clock.now() - this.loadedAtMs < MAX_AGE_MS ? this.known : this.listAgain();
  }

  async listAgain(): Promise<readonly ServedLog[]> {
    const { windows, keys, clock } = this.options;
    const [stored, vkeys] = await Promise.all([windows.list(), keys.trusted()]);
    this.known = stored.map((window, at) => this.servedOf(window, [stored[at - 1], stored[at + 1]], vkeys));
    this.loadedAtMs = clock.now();
    return this.known;
  }

  private servedOf(
    window: StoredWindow,
    [before, next]: readonly [StoredWindow | undefined, StoredWindow | undefined],
    vkeys: ReadonlyMap<string, string>,
  ): ServedLog {
    const { logId, origin, note } = window;
    const { policy, cosignedWithinMs } = this.options;
    const path = placeOf(origin);
    const state = stateOf(window);
    return {
      logId,
      origin,
      vkey: vkeys.get(origin) ?? '',
      path,
      url: `${this.options.publicUrl.replace(/\/$/, '')}/log/${path}/`,
      state,
      cosignedWithinMs,
      ...(policy === undefined ? {} : { policy }),
      ...(before === undefined ? {} : { predecessor: before.origin }),
      ...(next === undefined ? {} : { successor: next.origin }),
      ...(state === 'open' ? {} : { finalCheckpoint: note }),
    };
  }
}
