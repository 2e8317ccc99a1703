import { setTimeout as rest } from 'node:timers/promises';
import { isYoung, type Clock } from '#kernel';
import type { Logger } from '#platform';
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
  readonly logger: Logger;
}

const MAX_AGE_MS = 1_000;
/** Between two loads that somebody asked for: whoever asks for windows that are not there costs ten queries a second. */
const REST_MS = 100;

/**
 * The windows of the shard as readers see them, at most a second old; another process may have rotated. However many ask,
 * one load answers all. While `trust.json` cannot be read, the keys that it named last are shown.
 */
export class ServedWindows implements WindowSource {
  private known: readonly ServedLog[] = [];
  private loadedAtMs = -Infinity;
  private vkeys: ReadonlyMap<string, string> | undefined;
  /** The load under way. */
  private loading: Promise<readonly ServedLog[]> | undefined;
  /** One that was asked for and has not begun. */
  private next: Promise<readonly ServedLog[]> | undefined;

  constructor(private readonly options: ServedWindowsOptions) {}

  async list(): Promise<readonly ServedLog[]> {
    if (isYoung(this.loadedAtMs, MAX_AGE_MS, this.options.clock.now())) return this.known;
    return this.loading ?? this.load();
  }

  listAgain(): Promise<readonly ServedLog[]> {
    this.next ??= this.loadNext();
    return this.next;
  }

  /** Begins after everybody has asked who gets its answer. */
  private async loadNext(): Promise<readonly ServedLog[]> {
    if (isYoung(this.loadedAtMs, REST_MS, this.options.clock.now())) await rest(REST_MS);
    // One that fails is told to whoever has asked for it.
    while (this.loading !== undefined) await this.loading.catch(() => undefined);
    this.next = undefined;
    return this.load();
  }

  private load(): Promise<readonly ServedLog[]> {
    this.loading = this.read().finally(() => (this.loading = undefined));
    return this.loading;
  }

  private async read(): Promise<readonly ServedLog[]> {
    const { windows, clock } = this.options;
    const [stored, vkeys] = await Promise.all([windows.list(), this.trusted()]);
    this.known = stored.map((window, at) => this.servedOf(window, [stored[at - 1], stored[at + 1]], vkeys));
    this.loadedAtMs = clock.now();
    return this.known;
  }

  /** Rejects only where `trust.json` has never been read. */
  private async trusted(): Promise<ReadonlyMap<string, string>> {
    try {
      this.vkeys = await this.options.keys.trusted();
      return this.vkeys;
    } catch (cause) {
      if (this.vkeys === undefined) throw cause;
      this.options.logger.warn({ err: cause }, 'trust.json not read, the keys that it named last are shown');
      return this.vkeys;
    }
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
