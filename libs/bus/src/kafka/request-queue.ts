import Queue from 'kafkajs/src/network/requestQueue/index.js';

/** The part of kafkajs' `RequestQueue` that the override touches; not in its type declarations. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Milliseconds since the epoch until which the broker has asked us to wait; −1 for never. */
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

interface RequestQueueClass {
  new (options: object): RequestQueue;
  prototype: { scheduleCheckPendingRequests: (this: RequestQueue) => void };
}

const CHECK_INTERVAL_MS = 10;

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
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledForMs > 0 ? throttledForMs : CHECK_INTERVAL_MS,
  );
}

/** Once per process, before the first connection; more often does no harm. */
export function calmRequestQueues(): void {
  requestQueueClass().prototype.scheduleCheckPendingRequests = scheduleOnlyWhatWaits;
}
