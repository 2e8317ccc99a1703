import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '#kernel';
import type { Database } from '#postgres';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { READ_CLOCK, SERVED_LOG, type ServedLog } from './discovery/served-log.js';
import { ExportStore } from './export/export.store.js';
import { LogDocumentsController } from './export/log-documents.controller.js';
import { LogReaderStore } from './log-reader.store.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';
import { READER_TOKENS } from './read-gate/read-gate.guard.js';
import { SnapshotsController } from './snapshots/snapshots.controller.js';
import { PublishedCheckpointStore } from './witness/published-checkpoint.store.js';
import { PublishedCheckpoints } from './witness/published-checkpoints.service.js';
import { TilesController } from './tiles/tiles.controller.js';
import { TilesService } from './tiles/tiles.service.js';
import { AnchorStore } from './trusted-time/anchor.store.js';
import { TimestampsController } from './trusted-time/timestamps.controller.js';

/** The reading half of audit: serves what the sequencer committed, writes nothing, holds no key. */
@Module({})
export class ReadModule {
  static serving(
    log: ServedLog,
    database: Database,
    clock: Clock = systemClock,
    readerTokens: readonly Buffer[] = [],
  ): DynamicModule {
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
        { provide: SERVED_LOG, useValue: log },
        { provide: READ_CLOCK, useValue: clock },
        { provide: READER_TOKENS, useValue: readerTokens },
        { provide: ExportStore, useValue: new ExportStore(database, log.logId) },
        { provide: LogReaderStore, useValue: new LogReaderStore(database) },
        { provide: AnchorStore, useValue: new AnchorStore(database, log.logId) },
        { provide: PublishedCheckpointStore, useValue: new PublishedCheckpointStore(database) },
        PublishedCheckpoints,
        TilesService,
        ProofsService,
      ],
      exports: [ProofsService],
    };
  }
}
