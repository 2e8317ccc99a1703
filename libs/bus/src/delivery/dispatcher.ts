import { setTimeout as delay } from 'node:timers/promises';
import type { BatchSubscription, EachSubscription, ReceivedRecord } from '../bus.js';
import type { LaneEntry, PartitionLane } from './partition-lane.js';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Told when a lane that was full has room again. */
export type RoomListener = (lane: PartitionLane) => void;

/**
 * Hands records from lanes to a subscription's handler; both adapters use it, so both deliver alike. It never awaits a
 * handler in the caller's path: `offer` returns at once, and the fetch loop goes on whatever a handler does.
 */
export class Dispatcher {
  private readonly lanes: PartitionLane[] = [];
  /** Where the next search for a waiting record starts, so that a busy partition starves no other. */
  private turn = 0;
  private inFlight = 0;
  private pumping = false;
  private batchLoop: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private readonly idleListeners: (() => void)[] = [];

  constructor(
    private readonly options: EachSubscription | BatchSubscription,
    private readonly onRoom: RoomListener,
  ) {}

  open(lane: PartitionLane): void {
    this.lanes.push(lane);
  }

  /** What is in flight of the lane goes on; what waits in it is dropped and comes again to the partition's new owner. */
  closeLane(lane: PartitionLane): void {
    lane.closed = true;
    const index = this.lanes.indexOf(lane);
    if (index >= 0) this.lanes.splice(index, 1);
  }

  offer(lane: PartitionLane, records: readonly ReceivedRecord[]): void {
    if (lane.closed || this.stopping.signal.aborted) return;
    lane.append(records);
    if ('each' in this.options) this.pumpEach(this.options);
    else this.batchLoop ??= this.runBatches(this.options);
  }

  /** Nothing is handed over from now on; resolves with true when nothing is in flight, with false at the time limit. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.stopping.abort();
    const timer = new AbortController();
    const drained = Promise.all([this.batchLoop, this.idle()]).then(() => true);
    const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
    const outcome = await Promise.race([drained, late]);
    timer.abort();
    return outcome;
  }

  private idle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  private pumpEach(options: EachSubscription): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.inFlight < options.maxInFlight && !this.stopping.signal.aborted) {
      const lane = this.nextWaiting();
      const entry = lane?.take(1)[0];
      if (lane === undefined || entry?.record === undefined) break;
      this.handOver(options, lane, entry, entry.record);
    }
    this.pumping = false;
  }

  private handOver(options: EachSubscription, lane: PartitionLane, entry: LaneEntry, record: ReceivedRecord): void {
    this.inFlight += 1;
    const failed = (cause: unknown): void => {
      this.report(cause, [record]);
      this.settled(options, lane, entry);
    };
    try {
      const outcome = options.each(record);
      // A handler that answers at once costs no promise: receipts and answers arrive by the ten thousand.
      if (outcome === undefined) this.settled(options, lane, entry);
      else outcome.then(() => this.settled(options, lane, entry), failed);
    } catch (cause) {
      failed(cause);
    }
  }

  private settled(options: EachSubscription, lane: PartitionLane, entry: LaneEntry): void {
    this.inFlight -= 1;
    this.settleIn(lane, entry);
    if (this.inFlight === 0) this.idleListeners.splice(0).forEach((listener) => listener());
    this.pumpEach(options);
  }

  private settleIn(lane: PartitionLane, entry: LaneEntry): void {
    lane.settle(entry);
    if (!lane.closed && lane.hasRoom) this.onRoom(lane);
  }

  private async runBatches(options: BatchSubscription): Promise<void> {
    // One microtask later, so that everything one fetch brought is in the first batch.
    await Promise.resolve();
    while (!this.stopping.signal.aborted) {
      const lane = this.nextWaiting();
      if (lane === undefined) break;
      const entries = lane.take(options.maxBatch);
      if (await this.deliver(options, lane, entries)) for (const entry of entries) this.settleIn(lane, entry);
    }
    this.batchLoop = undefined;
  }

  /** False if it was given up because of `stop` or because the partition has gone: then nothing of it is settled. */
  private async deliver(options: BatchSubscription, lane: PartitionLane, entries: LaneEntry[]): Promise<boolean> {
    const records = entries.flatMap(({ record }) => (record === undefined ? [] : [record]));
    let backOffMs = RETRY_FIRST_MS;
    while (!lane.closed && !this.stopping.signal.aborted) {
      try {
        await options.batch(records);
        return true;
      } catch (cause) {
        this.report(cause, records);
        await delay(backOffMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        backOffMs = Math.min(backOffMs * 2, RETRY_MAX_MS);
      }
    }
    return false;
  }

  private nextWaiting(): PartitionLane | undefined {
    for (let step = 0; step < this.lanes.length; step += 1) {
      const index = (this.turn + step) % this.lanes.length;
      const lane = this.lanes[index];
      if (lane?.hasWaiting === true) {
        this.turn = index + 1;
        return lane;
      }
    }
    return undefined;
  }

  /** Whatever a caller's error callback does, delivery goes on. */
  private report(cause: unknown, records: readonly ReceivedRecord[]): void {
    try {
      this.options.onError(cause, records);
    } catch {
      // NOTE: the callback is itself the place where failures are told; there is nobody left to tell.
    }
  }
}
