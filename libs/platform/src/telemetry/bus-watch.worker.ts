import type { AppMetrics } from './app-metrics.js';
import { busMetrics, TOPIC_KINDS, topicKind, type TopicKind } from './bus-metrics.js';

interface ObservedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint | undefined;
  readonly unsettled: number;
}

export interface ObservedSubscription {
  readonly topics: readonly string[];
  readonly isAssigned: boolean;
  readonly lastFetchAtMs: number;
  readonly replaced: number;
  readonly replacedAtMs: number | undefined;
  readonly partitions: readonly ObservedPartition[];
}

/** What is asked of the bus; `#bus` has more, and does not know us. */
export interface ObservedBus {
  state(): {
    readonly queuedCalls: number;
    readonly queuedBytes: number;
    readonly subscriptions: readonly ObservedSubscription[];
  };
  endOffset(topic: string, partition: number): Promise<bigint>;
  isReachable(): Promise<boolean>;
}

const SAMPLE_MS = 15_000;

/** Shows queues, lag and silence of an app's part of the bus. Lag is sampled, for the broker has to be asked for it. */
export class BusWatch {
  /** By kind of topic; written by `sample`. */
  private lags = new Map<TopicKind, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  constructor(
    private readonly bus: ObservedBus,
    metrics: AppMetrics,
    private readonly sampleMs = SAMPLE_MS,
  ) {
    const { queuedCalls, queuedBytes, unsettled, lag, fetchAge, replaced } = busMetrics.on(metrics);
    queuedCalls.from({}, () => bus.state().queuedCalls);
    queuedBytes.from({}, () => bus.state().queuedBytes);
    for (const topic of TOPIC_KINDS) {
      unsettled.from({ topic }, () => this.over(topic, sum, unsettledOf));
      fetchAge.from({ topic }, () => this.over(topic, max, (one) => (Date.now() - one.lastFetchAtMs) / 1_000));
      replaced.from({ topic }, () => this.over(topic, sum, (one) => one.replaced));
      lag.from({ topic }, () => this.lags.get(topic));
    }
  }

  start(): this {
    void this.run();
    return this;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    await this.sample();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.run(), this.sampleMs);
    this.timer.unref();
  }

  private async sample(): Promise<void> {
    const lags = new Map<TopicKind, number>();
    for (const { topic, partition, position } of this.bus.state().subscriptions.flatMap((one) => one.partitions)) {
      if (position === undefined) continue;
      try {
        const end = await this.bus.endOffset(topic, partition);
        const kind = topicKind(topic);
        lags.set(kind, (lags.get(kind) ?? 0) + Math.max(0, Number(end - position)));
      } catch {
        // The broker is away: the last sample stands, and the age of the last fetch tells.
        return;
      }
    }
    this.lags = lags;
  }

  /** Undefined where nothing of this kind is read. */
  private over(
    kind: TopicKind,
    join: (values: readonly number[]) => number,
    value: (one: ObservedSubscription) => number,
  ): number | undefined {
    const ofKind = this.bus
      .state()
      .subscriptions.filter(({ topics }) => topics.some((topic) => topicKind(topic) === kind));
    return ofKind.length === 0 ? undefined : join(ofKind.map(value));
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const max = (values: readonly number[]): number => Math.max(...values);

function unsettledOf({ partitions }: ObservedSubscription): number {
  return sum(partitions.map(({ unsettled }) => unsettled));
}
