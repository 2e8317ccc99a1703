import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Figures {
  /** Completed per second. */
  readonly rps: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoopOptions {
  readonly concurrency: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** One piece of work; a rejection ends the measurement: figures with errors in them mean nothing. */
  readonly call: () => Promise<void>;
}

const MICROSECONDS = 1_000;

/** So many callers, each starting its next call when the last has ended. Only calls that end in the window count. */
export async function closedLoop({ concurrency, seconds, warmUpSeconds, call }: LoopOptions): Promise<Figures> {
  const latency = latencyHistogram();
  const from = performance.now() + warmUpSeconds * 1_000;
  const until = from + seconds * 1_000;
  let completed = 0;
  const caller = async (): Promise<void> => {
    for (let startedAt = performance.now(); startedAt < until;) {
      await call();
      const endedAt = performance.now();
      if (endedAt >= from && endedAt < until) {
        completed += 1;
        recordMs(latency, endedAt - startedAt);
      }
      startedAt = endedAt;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return figuresOf(latency, completed / seconds);
}

/** An HDR histogram of microseconds, up to a minute. */
export function latencyHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
}

export function recordMs(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.min(60_000_000, Math.round(ms * MICROSECONDS))));
}

export function figuresOf(histogram: RecordableHistogram, rps: number): Figures {
  return {
    rps: round(rps, 0),
    p50: round(histogram.percentile(50) / MICROSECONDS, 2),
    p99: round(histogram.percentile(99) / MICROSECONDS, 2),
  };
}

/** Middle of each figure over the runs. */
export function medianOf(runs: readonly Figures[]): Figures {
  const middle = (pick: (run: Figures) => number): number => {
    const sorted = runs.map(pick).sort((a, b) => a - b);
    const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0];
    return round((low + high) / 2, 2);
  };
  return { rps: middle((run) => run.rps), p50: middle((run) => run.p50), p99: middle((run) => run.p99) };
}

/** Difference of the best and the worst run, in percent of the median. */
export function spreadPercent(runs: readonly Figures[]): number {
  const all = runs.map(({ rps }) => rps);
  return round(((Math.max(...all) - Math.min(...all)) / Math.max(medianOf(runs).rps, 1e-9)) * 100, 1);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
