import { join, resolve } from 'node:path';

/** Where a log lies below the export's folder: `<folder>/log/<shard>/<window>`, as it is served. Empty: no folder. */
export function exportedLog(exportDir: string, origin: string): string {
  return exportDir === '' ? '' : join(resolve(exportDir), 'log', ...origin.split('/').slice(-2));
}
