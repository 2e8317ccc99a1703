import { join } from 'node:path';
import { freePort, startPostgres } from '#local';
import { openDatabase } from '#postgres';
import { disclosedTo, type FoundRecipient } from '../../../apps/feedback/src/corrections/recipients.store.js';
import type { EpochTag } from '../../../apps/feedback/src/key-store/tag.js';
import { migrations } from '../../../apps/feedback/src/migrations/index.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { figuresOf, latencyHistogram, recordMs, type Figures } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { disputeCheckBenchmark } from './dispute-check-benchmark.js';
import { ELEMENT, layDisclosures } from './lay-disclosures.js';
import { routedBenchmark } from './routed-benchmark.js';

const ROWS = 1_000_000;
const ROWS_WHEN_QUICK = 10_000;
const CITIZENS_READ = 200;
const LAYING_TIMEOUT_MS = 1_200_000;
const TIMES_EVERYBODY = 5;

interface Measured extends Figures {
  /** Of the last one asked. */
  readonly recipients: number;
}

/**
 * Cases from filing to their owner; the check of answers for disputes; and who got a hot element: of citizens with a hundred exchanges each among a million, and of one subject whom all of them
 * are about, which is the worst that there is. Goal: two seconds. `--loads` says how many exchanges.
 */
export function correctionsBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const rows = settings.loads?.[0] ?? (settings.isQuick ? ROWS_WHEN_QUICK : ROWS);
    const postgres = await startPostgres({
      dataDir: join(workspace.directory, 'postgres'),
      port: await freePort(),
      password: 'bench',
      logFile: join(workspace.directory, 'postgres.log'),
    });
    workspace.onEnd(() => postgres.stop());
    const options = { migrations, poolSize: 4, statementTimeoutMs: LAYING_TIMEOUT_MS };
    const database = await openDatabase({ ...options, url: postgres.url, schema: 'feedback' });
    workspace.onEnd(() => database.close());
    say(await describeMachine(settings, postgres.url));
    const { routed, world } = await routedBenchmark(workspace, postgres.url, settings);
    const check = await disputeCheckBenchmark(workspace, postgres.url, world, settings);
    const laid = await layDisclosures(database, rows);
    say(`corrections: recipients of one element that ${rows} exchanges disclosed, one question at a time`);
    const ask = (tag: EpochTag) => disclosedTo(database, [tag], [{ element: ELEMENT, sinceMs: 0 }]);
    const every = Math.max(1, Math.floor(laid.citizens.length / CITIZENS_READ));
    const citizens = laid.citizens.filter((_tag, at) => at % every === 0);
    const citizen = await measured('a citizen', citizens, ask);
    const everybody = await measured('all at once', Array(TIMES_EVERYBODY).fill(laid.everybody) as EpochTag[], ask);
    return { benchmark: 'corrections', routed, check, rows, citizen, everybody };
  });
}

async function measured(
  name: string,
  asked: readonly EpochTag[],
  ask: (tag: EpochTag) => Promise<FoundRecipient[]>,
): Promise<Measured> {
  const latency = latencyHistogram();
  const startedMs = performance.now();
  let recipients = 0;
  for (const tag of asked) {
    const fromMs = performance.now();
    recipients = (await ask(tag)).length;
    recordMs(latency, performance.now() - fromMs);
    if (recipients === 0) throw loadErrors.error('bench-wrong-answer', { details: { recipients } });
  }
  const figures = figuresOf(latency, asked.length / ((performance.now() - startedMs) / 1_000));
  say(`  ${name}: p50 ${figures.p50} ms, p99 ${figures.p99} ms, ${recipients} recipients`);
  return { ...figures, recipients };
}
