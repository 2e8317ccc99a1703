import Queue from 'kafkajs/src/network/requestQueue/index.js';
import { steadyMs } from './steady-time.js';

/** The part of kafkajs' `RequestQueue` that the override touches; not in its type declarations. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, InFlight>;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  requestTimeoutIntervalId: NodeJS.Timeout | null;
  readonly isConnected: () => boolean;
  /** Milliseconds since the epoch until which the broker has asked us to wait; −1 for never. */
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  destroy(): void;
}

interface InFlight {
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

interface RequestQueueClass {
  new (options: object): RequestQueue;
  prototype: {
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
    scheduleRequestTimeoutCheck: (this: RequestQueue) => void;
  };
}

const CHECK_INTERVAL_MS = 10;
const TIMEOUT_CHECK_MS = 100;
/** Brokers ask for one quota window at most, which is a second by default and never near to this. */
const MAX_THROTTLE_MS = 60_000;

/** kafkajs' own class: every connection of every client uses it. */
export function requestQueueClass(): RequestQueueClass {
  const found: unknown = Queue;
  return found as RequestQueueClass;
}

/**
 * kafkajs 2.2.4 re-arms a 1 ms timer per connection for ever, also with nothing pending: 3–11 % of a core when idle, and
 * Node warns of negative time-outs. A timer is needed only while something waits (`kafka.md` §2); a request that waits
 * for a free place is also looked at when an answer arrives.
 */
function scheduleOnlyWhatWaits(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledForMs = this.throttledUntil - Date.now();
  if (throttledForMs > MAX_THROTTLE_MS) this.throttledUntil = -1;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledForMs > 0 && throttledForMs <= MAX_THROTTLE_MS ? throttledForMs : CHECK_INTERVAL_MS,
  );
}

/** Once per process, before the first connection; more often does no harm. */
export function calmRequestQueues(): void {
  requestQueueClass().prototype.scheduleCheckPendingRequests = scheduleOnlyWhatWaits;
}

/** From when each check has known a request, by the steady clock. */
const seenMs = new WeakMap<InFlight, number>();

function checkSteadily(this: RequestQueue): void {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  const check = (): void => {
    const nowMs = steadyMs();
    for (const request of this.inflight.values()) {
      const sinceMs = seenMs.get(request);
      if (sinceMs === undefined) seenMs.set(request, nowMs);
      else if (nowMs - sinceMs > request.requestTimeout) request.timeoutRequest();
    }
    if (!this.isConnected()) this.destroy();
  };
  this.requestTimeoutIntervalId = setInterval(check, Math.min(this.requestTimeout, TIMEOUT_CHECK_MS));
}

/**
 * kafkajs 2.2.4 times its requests by the system's clock: set forward, all that are under way have failed; set back, one
 * whose answer never comes is waited for until the clock has caught up. Once per process, before the first connection.
 */
export function timeRequestsSteadily(): void {
  requestQueueClass().prototype.scheduleRequestTimeoutCheck = checkSteadily;
}
