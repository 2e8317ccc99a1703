import { startFailure } from '#platform';
import { accessesBenchmark } from './accesses/accesses-benchmark.js';
import { busBenchmark } from './bus/bus-benchmark.js';
import { correctionsBenchmark } from './corrections/corrections-benchmark.js';
import { exchangeBenchmark } from './exchange/exchange-benchmark.js';
import { openingsBenchmark } from './exchange/openings-benchmark.js';
import { say } from './harness/report.js';
import { parseCommandLine, USAGE, type BenchSettings } from './harness/settings.js';
import { overloadBenchmark } from './overload/overload-benchmark.js';
import { scrubBenchmark } from './scrub/scrub-benchmark.js';
import { proofsBenchmark } from './reading/proofs-benchmark.js';
import { readingBenchmark } from './reading/reading-benchmark.js';
import { searchBenchmark } from './reading/search-benchmark.js';
import { revocationBenchmark } from './revocation/revocation-benchmark.js';
import { sequencerBenchmark } from './sequencer/sequencer-benchmark.js';
import { verifyBenchmark } from './verify/verify-benchmark.js';

const benchmarks = new Map<string, (settings: BenchSettings) => Promise<object>>([
  ['accesses', accessesBenchmark],
  ['bus', busBenchmark],
  ['corrections', correctionsBenchmark],
  ['exchange', exchangeBenchmark],
  ['openings', openingsBenchmark],
  ['overload', overloadBenchmark],
  ['reading', readingBenchmark],
  ['revocation', revocationBenchmark],
  ['scrub', scrubBenchmark],
  ['proofs', proofsBenchmark],
  ['search', searchBenchmark],
  ['sequencer', sequencerBenchmark],
  ['verify', verifyBenchmark],
]);

async function main(): Promise<number> {
  const { name, settings } = parseCommandLine(process.argv.slice(2));
  const benchmark = benchmarks.get(name ?? '');
  if (benchmark === undefined) {
    say(USAGE);
    return 1;
  }
  try {
    // The last line is one JSON object, for programs.
    say(JSON.stringify(await benchmark(settings)));
    return 0;
  } catch (cause) {
    process.stderr.write(`${startFailure('The benchmark', cause)}\n`);
    return 1;
  }
}

process.exit(await main());
