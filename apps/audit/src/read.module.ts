import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '#kernel';
import type { Database } from '#postgres';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { READ_CLOCK, SERVED_LOG, type ServedLog } from './discovery/served-log.js';
import { LogReaderStore } from './log-reader.store.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { TilesController } from './tiles/tiles.controller.js';
import { TilesService } from './tiles/tiles.service.js';

/** The reading half of audit: serves what the sequencer committed, writes nothing, holds no key. */
@Module({})
export class ReadModule {
  static serving(log: ServedLog, database: Database, clock: Clock = systemClock): DynamicModule {
    return {
      module: ReadModule,
      controllers: [DiscoveryController, TilesController, ProofsController, SnapshotsController],
      providers: [
        { provide: SERVED_LOG, useValue: log },
        { provide: READ_CLOCK, useValue: clock },
        { provide: LogReaderStore, useValue: new LogReaderStore(database) },
        TilesService,
        ProofsService,
      ],
      exports: [ProofsService],
    };
  }
}
