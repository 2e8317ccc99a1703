import type { Bus } from '../bus.js';

export interface BusUnderTest {
  readonly bus: Bus;
  /** The same broker as another process sees it. */
  connectAnother(): Promise<Bus>;
  close(): Promise<void>;
}

export type NewTopic = (partitions?: number, extra?: { compacted?: boolean; brokerTime?: boolean }) => Promise<string>;
