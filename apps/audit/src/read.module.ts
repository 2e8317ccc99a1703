import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '#kernel';
import type { Database } from '#postgres';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { READ_CLOCK, READ_DATABASE, WINDOW_SOURCE, type ServedLog, type WindowSource } from './discovery/served-log.js';
import { LogDocumentsController } from './export/log-documents.controller.js';
import { LogReaderStore } from './log-reader.store.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { READER_TOKENS } from './read-gate/read-gate.guard.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { TilesController } from './tiles/tiles.controller.js';
import { TimestampsController } from './trusted-time/timestamps.controller.js';
import { WindowFiles } from './windows/window-files.store.js';
import { WINDOW_FILES, WindowReaders } from './windows/window-readers.service.js';

/** What is served to whom. */
export interface ReadOptions {
  readonly clock?: Clock;
  /** Hashes of the tokens that open bundles and receipts; none: everybody has them. */
  readonly readerTokens?: readonly Buffer[];
  /** Folder in which frozen windows lie; empty: they are in the database only. */
  readonly archiveDir?: string;
}

/** The reading half of audit: serves what the sequencer committed, writes nothing, holds no key. */
@Module({})
export class ReadModule {
  static serving(windows: WindowSource, database: Database, options: ReadOptions = {}): DynamicModule {
    const { clock = systemClock, readerTokens = [], archiveDir = '' } = options;
    return {
      module: ReadModule,
      controllers: [
        DiscoveryController,
        LogDocumentsController,
        TilesController,
        ProofsController,
        SnapshotsController,
        TimestampsController,
      ],
      providers: [
        { provide: READ_CLOCK, useValue: clock },
        { provide: READ_DATABASE, useValue: database },
        { provide: READER_TOKENS, useValue: readerTokens },
        { provide: WINDOW_SOURCE, useValue: windows },
        { provide: WINDOW_FILES, useValue: archiveDir === '' ? undefined : new WindowFiles(archiveDir) },
        { provide: LogReaderStore, useValue: new LogReaderStore(database) },
        WindowReaders,
      ],
      exports: [WindowReaders],
    };
  }

  /** One log and no other. */
  static servingOne(log: ServedLog, database: Database, options: ReadOptions = {}): DynamicModule {
    const list = () => Promise.resolve([log]);
    return ReadModule.serving({ list, listAgain: list }, database, options);
  }
}
