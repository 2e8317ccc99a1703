import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '#kernel';
import type { Database } from '#postgres';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { READ_CLOCK, SERVED_LOG, WINDOW_SOURCE, type ServedLog, type WindowSource } from './discovery/served-log.js';
import { LogReaderStore } from './log-reader.store.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { TilesController } from './tiles/tiles.controller.js';
import { TilesService } from './tiles/tiles.service.js';
import { WindowFiles } from './windows/window-files.store.js';
import { WINDOW_FILES, WindowReaders } from './windows/window-readers.service.js';

/** Where windows come from that are not only the one given, and where frozen ones lie. */
export interface WindowPlaces {
  readonly windows: WindowSource;
  /** Empty: in the database only. */
  readonly archiveDir: string;
}

/** The reading half of audit: serves what the sequencer committed, writes nothing, holds no key. */
@Module({})
export class ReadModule {
  static serving(
    log: ServedLog,
    database: Database,
    clock: Clock = systemClock,
    places: WindowPlaces = onlyWindow(log),
  ): DynamicModule {
    const files = places.archiveDir === '' ? undefined : new WindowFiles(places.archiveDir);
    return {
      module: ReadModule,
      controllers: [DiscoveryController, TilesController, ProofsController, SnapshotsController],
      providers: [
        { provide: SERVED_LOG, useValue: log },
        { provide: READ_CLOCK, useValue: clock },
        { provide: WINDOW_SOURCE, useValue: places.windows },
        { provide: WINDOW_FILES, useValue: files },
        WindowReaders,
        { provide: LogReaderStore, useValue: new LogReaderStore(database) },
        TilesService,
        ProofsService,
      ],
    };
  }
}

function onlyWindow(log: ServedLog): WindowPlaces {
  const list = () => Promise.resolve([log]);
  return { windows: { list, listAgain: list }, archiveDir: '' };
}
