import { Injectable } from '@nestjs/common';
import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import { hmacSha256 } from '#signing';
import type { AccessLog } from '../access-log/access-log.service.js';
import { ExportsService } from '../exports/exports.service.js';
import { LeafIndexStore } from '../leaf-index/leaf-index.store.js';
import type { LogReaderStore } from '../log-reader.store.js';
import { PackagesService } from '../packages/packages.service.js';
import { BatchProofsService } from '../proofs/batch-proofs.service.js';
import { ReportsService } from '../reports/reports.service.js';
import { ReportsStore } from '../reports/reports.store.js';
import type { CursorKeyStore } from '../search/cursor-key.store.js';
import { spellQuery } from '../search/leaf-query.js';
import { SearchService } from '../search/search.service.js';
import { SearchStore } from '../search/search.store.js';
import type { WindowReader, WindowReaders } from './window-readers.service.js';

/** All that reviews one window. */
export interface WindowReview {
  readonly searches: SearchService;
  readonly reports: ReportsService;
  readonly exports: ExportsService;
  readonly batches: BatchProofsService;
  readonly packages: PackagesService;
}

export interface WindowReviewsParts {
  readonly readers: WindowReaders;
  readonly database: Database;
  readonly reader: LogReaderStore;
  readonly cursorKey: Pick<CursorKeyStore, 'get'>;
  readonly access: Pick<AccessLog, 'record'>;
  readonly maxExportLeaves: number;
  readonly clock: Clock;
}

/** Gives each query of a reader the window that it speaks of, and keeps to it while a rotation goes on. */
@Injectable()
export class WindowReviews {
  /** By window, and whether it was named; forgotten with its reader. */
  private readonly reviews = new WeakMap<WindowReader, Map<boolean, WindowReview>>();

  constructor(private readonly parts: WindowReviewsParts) {}

  /** By origin; the window that is written if none is named. Rejects with `window-unknown`. */
  async named(origin: string | undefined): Promise<WindowReview> {
    const window = await this.parts.readers.named(origin);
    const known = this.reviews.get(window) ?? new Map<boolean, WindowReview>();
    const isNamed = origin !== undefined;
    const review = known.get(isNamed) ?? this.make(window, isNamed);
    known.set(isNamed, review);
    this.reviews.set(window, known);
    return review;
  }

  private make({ log, proofs }: WindowReader, isNamed: boolean): WindowReview {
    const { database, reader, clock, maxExportLeaves: maxLeaves } = this.parts;
    const store = new SearchStore(database, log.logId);
    const index = new LeafIndexStore(database, log.logId);
    const access = isNamed ? this.naming(log.origin) : this.parts.access;
    const cursorKey = this.keyOf(log.origin);
    return {
      searches: new SearchService({ log: log.origin, store, index, cursorKey, access }),
      reports: new ReportsService({ store: new ReportsStore(database, log.logId), index, access }),
      exports: new ExportsService({ store, log: reader, logId: log.logId, index, cursorKey, access, maxLeaves }),
      batches: new BatchProofsService({ store, proofs, access }),
      packages: new PackagesService({ store, log: reader, served: log, index, proofs, access, clock }),
    };
  }

  /** The window belongs to what was asked. */
  private naming(log: string): Pick<AccessLog, 'record'> {
    return {
      record: (access) => {
        const asked: unknown = JSON.parse(access.query);
        return this.parts.access.record({ ...access, query: spellQuery(Object.assign({ log }, asked)) });
      },
    };
  }

  /** A cursor of one window is none of another. */
  private keyOf(log: string): Pick<CursorKeyStore, 'get'> {
    return { get: async () => hmacSha256(await this.parts.cursorKey.get(), Buffer.from(log)) };
  }
}
