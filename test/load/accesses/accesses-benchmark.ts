import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { measureIngest } from './ingest-benchmark.js';
import { measurePages } from './pages-benchmark.js';

/**
 * A citizen's history: pages of 50 accesses over HTTP, without and with proofs, beside as many rows of others as `--rows`
 * says; and how many openings a second become rows. Goals: 50 ms and 150 ms at the 99th percentile, 3,000 openings/s.
 */
export function accessesBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const pages = await measurePages(workspace, settings);
    return { benchmark: 'accesses', pages, ingest: await measureIngest(workspace, settings) };
  });
}
