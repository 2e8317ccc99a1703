import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import type { Database } from '#postgres';
import type { Signer } from '#signing';
import { AccessLog } from './access-log/access-log.service.js';
import { AccessLogStore } from './access-log/access-log.store.js';
import type { AuditConfig } from './audit.config.js';
import type { WindowSource } from './discovery/served-log.js';
import { ExportsController } from './exports/exports.controller.js';
import { LeafFollower } from './leaf-index/leaf-follower.worker.js';
import { LeafIndexStore } from './leaf-index/leaf-index.store.js';
import { LogReaderStore } from './log-reader.store.js';
import { PackagesController } from './packages/packages.controller.js';
import { BatchProofsController } from './proofs/batch-proofs.controller.js';
import { ReaderAuth } from './reader-auth/reader-auth.service.js';
import { ReaderKeys } from './reader-auth/reader-keys.service.js';
import { ReportsController } from './reports/reports.controller.js';
import { CursorKeyStore } from './search/cursor-key.store.js';
import { SearchController } from './search/search.controller.js';
import { WindowReaders } from './windows/window-readers.service.js';
import { WindowReviews } from './windows/window-reviews.service.js';

export interface ReviewDependencies {
  readonly config: AuditConfig;
  readonly windows: WindowSource;
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
  static for({ database, clock, config }: ReviewDependencies, review: Review, reading: DynamicModule): DynamicModule {
    const { cursorKey, access, reader } = review;
    const { maxExportLeaves } = config;
    return {
      module: ReviewModule,
      imports: [reading],
      controllers: [SearchController, BatchProofsController, ExportsController, ReportsController, PackagesController],
      providers: [
        { provide: ReaderAuth, useValue: review.auth },
        {
          provide: WindowReviews,
          inject: [WindowReaders],
          useFactory: (readers: WindowReaders) =>
            new WindowReviews({ readers, database, reader, cursorKey, access, maxExportLeaves, clock }),
        },
      ],
    };
  }
}

/** The parts of reviewing that live as long as the process: the index's follower and the record of accesses. */
export class Review {
  readonly cursorKey: CursorKeyStore;
  readonly reader: LogReaderStore;
  readonly access: AccessLog;
  readonly auth: ReaderAuth;
  private readonly follower: LeafFollower;

  constructor({ config, windows, database, bus, clock, logger, signer }: ReviewDependencies) {
    this.cursorKey = new CursorKeyStore(database);
    this.reader = new LogReaderStore(database);
    this.access = new AccessLog({
      bus,
      store: new AccessLogStore(database),
      signer,
      clock,
      logger: logger.child('access'),
      patienceMs: config.accessPatienceMs,
    });
    this.auth = new ReaderAuth(
      new ReaderKeys(this.reader, clock),
      { audience: config.publicUrl, auditors: config.auditors, helpDesk: config.helpDesk },
      clock,
    );
    this.follower = new LeafFollower(
      async () => (await windows.list()).map(({ logId }) => new LeafIndexStore(database, logId)),
      config.indexIntervalMs,
      logger.child('leaf-index'),
    );
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
