import { connectKafkaBus } from '#bus';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { endToEndLatency } from './end-to-end-latency.js';
import { ourRequester, stockRequester, type Requester } from './requesters.js';
import { createTopics, PAYLOAD_BYTES } from './topics.js';

const LOADS = [1, 16, 64, 256];

/** Request and reply over libs/bus and over stock Nest, through one broker, in turns; and Kafka's own one-way figure. */
export function busBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    say(await describeMachine(settings));
    say(`bus: request and reply of ${PAYLOAD_BYTES} bytes, requester and responder in a process each, one partition`);
    const brokers = await workspace.kafka();
    const bus = await connectKafkaBus({ brokers: brokers.split(','), clientId: 'bench-requester' });
    workspace.onEnd(() => bus.close());
    await createTopics(bus);
    await workspace.program('bus/our-responder', [brokers]);
    await workspace.program('bus/stock-responder', [brokers]);
    const ours = await ourRequester(bus);
    const stock = await stockRequester(brokers);
    workspace.onEnd(() => stock.close());
    const requestReply: Record<string, { ours: Figures; stock: Figures }> = {};
    for (const load of settings.loads ?? LOADS) requestReply[load] = await compare(load, ours, stock, settings);
    const oneWay = await endToEndLatency(brokers, settings.isQuick ? 500 : 5_000);
    say(`  Kafka's EndToEndLatency, one way: mean ${oneWay.mean} ms, p50 ${oneWay.p50} ms, p99 ${oneWay.p99} ms`);
    return { requestReply, endToEndLatency: oneWay };
  });
}

/** In turns, so that what the machine does beside hits both. */
async function compare(
  concurrency: number,
  ours: Requester,
  stock: Requester,
  { runs, seconds, warmUpSeconds }: BenchSettings,
): Promise<{ ours: Figures; stock: Figures }> {
  const oursRuns = new Runs(`ours, ${concurrency} concurrent`);
  const stockRuns = new Runs(`stock Nest, ${concurrency} concurrent`);
  for (let run = 0; run < runs; run += 1) {
    oursRuns.add(await closedLoop({ concurrency, seconds, warmUpSeconds, call: ours.call }));
    stockRuns.add(await closedLoop({ concurrency, seconds, warmUpSeconds, call: stock.call }));
  }
  return { ours: oursRuns.close(), stock: stockRuns.close() };
}
