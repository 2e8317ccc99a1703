import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import {
  READ_CLOCK,
  READ_DATABASE,
  WINDOW_SOURCE,
  type ServedLog,
  type WindowSource,
} from '../discovery/served-log.js';
import { ExportStore } from '../export/export.store.js';
import { LogReaderStore } from '../log-reader.store.js';
import { ProofsService } from '../proofs/proofs.service.js';
import { TilesService } from '../tiles/tiles.service.js';
import { AnchorStore } from '../trusted-time/anchor.store.js';
import { PublishedCheckpointStore } from '../witness/published-checkpoint.store.js';
import { PublishedCheckpoints } from '../witness/published-checkpoints.service.js';
import type { WindowFiles } from './window-files.store.js';
import { windowsErrors } from './windows.errors.js';

/** One window with all that reads it. */
export interface WindowReader {
  readonly log: ServedLog;
  readonly tiles: TilesService;
  readonly proofs: ProofsService;
  readonly published: PublishedCheckpoints;
  readonly anchors: AnchorStore;
  readonly documents: ExportStore;
}

export const WINDOW_FILES = Symbol('folder of frozen windows');

/** Gives each request the window that it speaks of, and keeps to it while a rotation goes on. */
@Injectable()
export class WindowReaders {
  /** By number and state: a frozen window is read otherwise. Bounded by the number of windows. */
  private readonly readers = new Map<string, WindowReader>();

  constructor(
    private readonly store: LogReaderStore,
    @Inject(READ_DATABASE) private readonly database: Database,
    @Inject(WINDOW_SOURCE) private readonly windows: WindowSource,
    @Inject(READ_CLOCK) private readonly clock: Clock,
    @Inject(WINDOW_FILES) private readonly files: WindowFiles | undefined,
  ) {}

  /** `<shard>/<window>`; undefined if there is none. */
  async at(path: string): Promise<WindowReader | undefined> {
    return this.find((log) => log.path === path);
  }

  /** By origin; the one that is written if none is named. Rejects with `window-unknown`. */
  async named(origin: string | undefined): Promise<WindowReader> {
    const [newest] = await this.newestFirst();
    const found = origin === undefined ? newest : await this.find((log) => log.origin === origin);
    if (found === undefined) throw windowsErrors.error('window-unknown');
    return found;
  }

  /** All, or the one of that origin. */
  async newestFirst(origin?: string): Promise<WindowReader[]> {
    if (origin !== undefined) return [await this.named(origin)];
    return (await this.windows.list()).map((log) => this.readerOf(log)).reverse();
  }

  private async find(isMeant: (log: ServedLog) => boolean): Promise<WindowReader | undefined> {
    const log = (await this.windows.list()).find(isMeant) ?? (await this.windows.listAgain()).find(isMeant);
    return log === undefined ? undefined : this.readerOf(log);
  }

  private readerOf(log: ServedLog): WindowReader {
    const key = `${log.logId} ${log.state}`;
    const known = this.readers.get(key);
    if (known !== undefined) return known;
    const reader = this.make(log);
    for (const old of this.readers.keys()) if (old.startsWith(`${log.logId} `)) this.readers.delete(old);
    this.readers.set(key, reader);
    return reader;
  }

  private make(log: ServedLog): WindowReader {
    const { store, database, clock } = this;
    const tiles = new TilesService(store, log, clock, this.files);
    const published = new PublishedCheckpoints(new PublishedCheckpointStore(database), log, clock);
    return {
      log,
      tiles,
      published,
      proofs: new ProofsService(store, tiles, published, log),
      anchors: new AnchorStore(database, log.logId),
      documents: new ExportStore(database, log.logId),
    };
  }
}
