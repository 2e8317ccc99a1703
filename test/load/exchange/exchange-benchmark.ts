import { join } from 'node:path';
import { Pool } from 'undici';
import { connectKafkaBus } from '#bus';
import { freePort } from '#local';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { STOCK_PATTERN, STOCK_REPLY } from './stock-pattern.js';

const LOADS = [1, 64, 128];
const AGENCIES = { instant: 0, slow20: 20 } as const;
const CONNECTIONS = 256;
const CALL_TIMEOUT_MS = 30_000;
const TARGET = '/r1/DEMO/GOV/1001/population/persons';
const HEADERS = { 'x-road-client': 'DEMO/GOV/1000/mygov', 'kerege-purpose': 'citizen-view' };
/** Both sides are warmed like this before anything is measured, so that neither runs code that V8 has not seen yet. */
const WARM_UP_CONCURRENCY = 64;
/** Before each measurement: its callers are all under way. */
const RAMP_SECONDS = 1;
/** The sandbox's citizens, so that not every call asks the same. */
const CITIZENS = 50;

interface Contenders {
  readonly ours: () => Promise<void>;
  readonly stock: () => Promise<void>;
}

/**
 * A whole exchange through the built apps, HTTP client → gateway → Kafka → connector → HTTP agency and back, signed,
 * sealed and stamped; beside it, in turns, stock Nest over the same broker to the same agency, which does none of that.
 */
export function exchangeBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const instance = await startInstance({ dataDir: join(workspace.directory, 'instance'), isKafkaOpen: true });
    workspace.onEnd(() => instance.stop());
    say(await describeMachine(settings, instance.databaseUrl));
    say('exchange: HTTP → gateway → Kafka → connector → HTTP agency; everything on this machine, load and agency too');
    const contenders = await prepare(workspace, instance);
    await warmUp(contenders, settings);
    const outcome: Record<string, Record<string, { ours: Figures; stock: Figures }>> = {};
    for (const [name, latencyMs] of Object.entries(AGENCIES)) {
      await setLatency(instance, latencyMs);
      const figures: Record<string, { ours: Figures; stock: Figures }> = {};
      for (const load of settings.loads ?? LOADS) figures[load] = await compare(name, load, contenders, settings);
      outcome[name] = figures;
    }
    return outcome;
  });
}

async function prepare(workspace: Workspace, instance: Instance): Promise<Contenders> {
  const bus = await connectKafkaBus({ brokers: instance.kafkaBrokers.split(','), clientId: 'bench' });
  // As many partitions as a request topic of ours has.
  await bus.ensureTopics([
    { name: STOCK_PATTERN, partitions: 3, retentionMs: 600_000 },
    { name: STOCK_REPLY, partitions: 1, retentionMs: 600_000 },
  ]);
  await bus.close();
  const port = await freePort();
  await workspace.program('exchange/stock-connector', [instance.kafkaBrokers, instance.agencies.population]);
  await workspace.program('exchange/stock-gateway', [instance.kafkaBrokers, String(port)]);
  return { ours: caller(workspace, instance.gatewayUrl), stock: caller(workspace, `http://127.0.0.1:${port}`) };
}

async function warmUp({ ours, stock }: Contenders, { warmUpSeconds: seconds }: BenchSettings): Promise<void> {
  for (const call of [ours, stock])
    await closedLoop({ concurrency: WARM_UP_CONCURRENCY, seconds, warmUpSeconds: 0, call });
}

/** One call after another, about the sandbox's citizens in turn; rejects for what is no good answer. */
export function caller(workspace: Workspace, url: string): () => Promise<void> {
  const pool = new Pool(url, {
    connections: CONNECTIONS,
    bodyTimeout: CALL_TIMEOUT_MS,
    headersTimeout: CALL_TIMEOUT_MS,
  });
  workspace.onEnd(() => pool.destroy());
  let next = 0;
  return async () => {
    next = (next % CITIZENS) + 1;
    const path = `${TARGET}/TEST${String(next).padStart(6, '0')}`;
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers: HEADERS });
    const text = await body.text();
    if (statusCode === 200) return;
    throw loadErrors.error('bench-wrong-answer', {
      details: { url, statusCode },
      extensions: { problems: [`${url} answered ${statusCode}: ${text.slice(0, 300)}`] },
    });
  };
}

async function setLatency(instance: Instance, latencyMs: number): Promise<void> {
  const url = `${instance.agencies.population}/_sandbox/faults`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ latencyMs }),
    signal: AbortSignal.timeout(5_000),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw loadErrors.error('bench-wrong-answer', { details: { url, status: answer.status } });
}

async function compare(
  agency: string,
  concurrency: number,
  { ours, stock }: Contenders,
  { runs, seconds }: BenchSettings,
): Promise<{ ours: Figures; stock: Figures }> {
  const oursRuns = new Runs(`ours, ${agency}, ${concurrency} concurrent`);
  const stockRuns = new Runs(`stock Nest, ${agency}, ${concurrency} concurrent`);
  for (let run = 0; run < runs; run += 1) {
    oursRuns.add(await closedLoop({ concurrency, seconds, warmUpSeconds: RAMP_SECONDS, call: ours }));
    stockRuns.add(await closedLoop({ concurrency, seconds, warmUpSeconds: RAMP_SECONDS, call: stock }));
  }
  return { ours: oursRuns.close(), stock: stockRuns.close() };
}
