import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { laidLog } from './laid-log.js';
import { measureProofs } from './proofs-benchmark.js';
import { measureSearch } from './search-benchmark.js';

/** `proofs` and `search` over one log: to lay it is a good part of what either takes. */
export function readingBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const log = await laidLog(workspace, settings);
    const proofs = await measureProofs(workspace, log, settings);
    return { benchmark: 'reading', proofs, search: await measureSearch(log, settings) };
  });
}
