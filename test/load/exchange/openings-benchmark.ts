import { join } from 'node:path';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, round, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { caller } from './exchange-benchmark.js';

const LOADS = [64];
const WARM_UP_CONCURRENCY = 64;
const RAMP_SECONDS = 1;

export interface OpeningsCost {
  readonly withOpenings: Figures;
  readonly withoutOpenings: Figures;
  /** Throughput with openings by that of the round beside it without: the median of the rounds. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/**
 * What openings cost an exchange: two whole instances, one of which has no feedback in its definition, so that nobody seals
 * for it; the other has, and it indexes on the same cores what is sent to it. They are measured in turns, and it is the
 * ratio of neighbouring rounds that is told, because a machine is not as fast in one minute as in the next. Goal: 0.9.
 */
export function openingsBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const start = async (name: string, isWithoutFeedback: boolean) => {
      const instance = await startInstance({ dataDir: join(workspace.directory, name), isWithoutFeedback });
      workspace.onEnd(() => instance.stop());
      return { instance, call: caller(workspace, instance.gatewayUrl) };
    };
    const opened = await start('with-feedback', false);
    const closed = await start('without-feedback', true);
    say(await describeMachine(settings, opened.instance.databaseUrl));
    say('openings: exchanges of two instances in turns, with feedback and without; everything on this machine');
    for (const { call } of [opened, closed])
      await closedLoop({
        concurrency: WARM_UP_CONCURRENCY,
        seconds: settings.warmUpSeconds,
        warmUpSeconds: 0,
        call,
      });
    const outcome: Record<string, OpeningsCost> = {};
    for (const load of settings.loads ?? LOADS) outcome[load] = await compare(load, settings, opened.call, closed.call);
    return { benchmark: 'openings', ...outcome };
  });
}

async function compare(
  concurrency: number,
  { runs, seconds }: BenchSettings,
  withOpenings: () => Promise<void>,
  withoutOpenings: () => Promise<void>,
): Promise<OpeningsCost> {
  const withRuns = new Runs(`with openings, ${concurrency} concurrent`);
  const withoutRuns = new Runs(`without, ${concurrency} concurrent`);
  const measured = (call: () => Promise<void>) =>
    closedLoop({ concurrency, seconds, warmUpSeconds: RAMP_SECONDS, call });
  const ratios: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // Who is first changes, so that a machine that becomes slower favours neither.
    const isFirst = run % 2 === 0;
    const first = await measured(isFirst ? withOpenings : withoutOpenings);
    const second = await measured(isFirst ? withoutOpenings : withOpenings);
    const [open, closed] = isFirst ? [first, second] : [second, first];
    withRuns.add(open);
    withoutRuns.add(closed);
    ratios.push(round(open.rps / Math.max(1, closed.rps), 2));
  }
  const ratio = ratios.toSorted((a, b) => a - b)[ratios.length >> 1] ?? 0;
  const figures = { withOpenings: withRuns.close(), withoutOpenings: withoutRuns.close() };
  say(`  ratio ${ratio} (rounds: ${ratios.join(', ')})`);
  return { ...figures, ratio, ratios };
}
