import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import type { Database } from '#postgres';
import type { Signer } from '#signing';
import { AccessLog } from './access-log/access-log.service.js';
import { AccessLogStore } from './access-log/access-log.store.js';
import type { AuditConfig } from './audit.config.js';
import type { ServedLog } from './discovery/served-log.js';
import { ExportsController } from './exports/exports.controller.js';
import { ExportsService } from './exports/exports.service.js';
import { LeafFollower } from './leaf-index/leaf-follower.worker.js';
import { LeafIndexStore } from './leaf-index/leaf-index.store.js';
import { LogReaderStore } from './log-reader.store.js';
import { PackagesController } from './packages/packages.controller.js';
import { PackagesService } from './packages/packages.service.js';
import { BatchProofsController } from './proofs/batch-proofs.controller.js';
import { BatchProofsService } from './proofs/batch-proofs.service.js';
import { ProofsService } from './proofs/proofs.service.js';
import { ReaderAuth } from './reader-auth/reader-auth.service.js';
import { ReaderKeys } from './reader-auth/reader-keys.service.js';
import { ReportsController } from './reports/reports.controller.js';
import { ReportsService } from './reports/reports.service.js';
import { ReportsStore } from './reports/reports.store.js';
import { CursorKeyStore } from './search/cursor-key.store.js';
import { SearchController } from './search/search.controller.js';
import { SearchService } from './search/search.service.js';
import { SearchStore } from './search/search.store.js';

export interface ReviewDependencies {
  readonly config: AuditConfig;
  readonly log: ServedLog;
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Audit's instance key: states who read. */
  readonly signer: Signer;
}

/** For readers who say who they are: search, batch proofs, exports, reports, packages. Every query leaves a leaf. */
@Module({})
export class ReviewModule {
  /** `reading` is the public half, whose tiles and proofs this one uses. */
  static for(deps: ReviewDependencies, review: Review, reading: DynamicModule): DynamicModule {
    const { log, clock, config } = deps;
    const { store, index, cursorKey, access, reader, reports } = review;
    return {
      module: ReviewModule,
      imports: [reading],
      controllers: [SearchController, BatchProofsController, ExportsController, ReportsController, PackagesController],
      providers: [
        { provide: ReaderAuth, useValue: review.auth },
        { provide: SearchService, useValue: new SearchService({ store, index, cursorKey, access }) },
        { provide: ReportsService, useValue: new ReportsService({ store: reports, index, access }) },
        {
          provide: ExportsService,
          useValue: new ExportsService({
            store,
            log: reader,
            logId: log.logId,
            index,
            cursorKey,
            access,
            maxLeaves: config.maxExportLeaves,
          }),
        },
        {
          provide: BatchProofsService,
          inject: [ProofsService],
          useFactory: (proofs: ProofsService) => new BatchProofsService({ store, proofs, access }),
        },
        {
          provide: PackagesService,
          inject: [ProofsService],
          useFactory: (proofs: ProofsService) =>
            new PackagesService({ store, log: reader, served: log, index, proofs, access, clock }),
        },
      ],
    };
  }
}

/** The parts of reviewing that live as long as the process: the index's follower and the record of accesses. */
export class Review {
  readonly store: SearchStore;
  readonly reports: ReportsStore;
  readonly index: LeafIndexStore;
  readonly cursorKey: CursorKeyStore;
  readonly reader: LogReaderStore;
  readonly access: AccessLog;
  readonly auth: ReaderAuth;
  private readonly follower: LeafFollower;

  constructor({ config, log, database, bus, clock, logger, signer }: ReviewDependencies) {
    const { logId } = log;
    this.store = new SearchStore(database, logId);
    this.reports = new ReportsStore(database, logId);
    this.index = new LeafIndexStore(database, logId);
    this.cursorKey = new CursorKeyStore(database);
    this.reader = new LogReaderStore(database);
    this.access = new AccessLog({
      bus,
      store: new AccessLogStore(database, logId),
      signer,
      clock,
      logger: logger.child('access'),
      patienceMs: config.accessPatienceMs,
    });
    this.auth = new ReaderAuth(
      new ReaderKeys(this.reader, logId, clock),
      { audience: config.publicUrl, auditors: config.auditors, helpDesk: config.helpDesk },
      clock,
    );
    this.follower = new LeafFollower(this.index, config.indexIntervalMs, logger.child('leaf-index'));
  }

  start(): void {
    this.follower.start();
  }

  /** Why the index stands still; undefined if it does not. */
  failure(): string | undefined {
    return this.follower.failure;
  }

  async close(): Promise<void> {
    this.access.stop();
    await this.follower.stop();
    await this.auth.close();
  }
}
