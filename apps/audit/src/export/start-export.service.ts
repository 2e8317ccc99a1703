import type { AppMetrics, Logger, StatusPart } from '#platform';
import type { Database } from '#postgres';
import type { NoteKey } from '#tlog';
import { ExportDirectory } from './export-directory.store.js';
import { exportMetrics } from './export-metrics.service.js';
import { exportedLog } from './exported-log.js';
import { ExportStore } from './export.store.js';
import { Exporter } from './exporter.service.js';

export interface ExportSources {
  /** Folder of all exported logs; empty: nothing is exported. */
  readonly exportDir: string;
  readonly database: Database;
  readonly logId: number;
  readonly key: NoteKey;
  readonly isOwner: () => boolean;
  readonly logger: Logger;
  readonly metrics: AppMetrics;
}

export interface LogExport {
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  readonly parts: readonly StatusPart[];
  /** Whether the exported checkpoint covers that many leaves, or nothing is exported. */
  readonly holds: (size: number) => boolean;
}

export function makeExport(sources: ExportSources): LogExport {
  if (sources.exportDir === '')
    return { start: () => undefined, stop: () => Promise.resolve(), parts: [], holds: () => true };
  const { database, logId, key, isOwner } = sources;
  const exporter = new Exporter({
    store: new ExportStore(database, logId),
    directory: new ExportDirectory(exportedLog(sources.exportDir, key.name)),
    key,
    isOwner,
    logger: sources.logger.child('export'),
    metrics: exportMetrics.on(sources.metrics),
  });
  return {
    start: () => {
      exporter.start();
    },
    stop: () => exporter.stop(),
    parts: [{ name: 'export', read: () => exporter.reading() }],
    holds: (size) => exporter.publishedSize === size,
  };
}
