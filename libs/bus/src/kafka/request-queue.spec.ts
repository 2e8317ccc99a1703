import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { calmRequestQueues, requestQueueClass, timeRequestsSteadily } from './request-queue.js';

const RequestQueue = requestQueueClass();
const original = RequestQueue.prototype.scheduleCheckPendingRequests;
const originalCheck = RequestQueue.prototype.scheduleRequestTimeoutCheck;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function queue(maxInFlightRequests: number | null = null) {
  const options = { maxInFlightRequests, requestTimeout: 1_000, clientId: 'c', broker: 'b', logger: silent };
  return new RequestQueue({ ...options, enforceRequestTimeout: false }) as InstanceType<typeof RequestQueue> & {
    push(request: object): void;
    fulfillRequest(answer: object): void;
    maybeThrottle(ms: number): void;
    scheduleRequestTimeoutCheck(): void;
  };
}

const request = (correlationId: number) => ({ correlationId, resolve: () => undefined, reject: () => undefined });

const HOUR_MS = 3_600_000;

/** How often an idle queue wakes up in a second after one request. */
function wakeUpsPerSecond(): number {
  const idle = queue();
  const checks = jest.spyOn(idle, 'checkPendingRequests');
  idle.push({ entry: request(1), expectResponse: true, sendRequest: () => undefined });
  idle.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  checks.mockClear();
  jest.advanceTimersByTime(1_000);
  return checks.mock.calls.length;
}

describe('calmRequestQueues', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    RequestQueue.prototype.scheduleCheckPendingRequests = original;
    jest.useRealTimers();
  });

  it('ends the timer that wakes an idle connection for ever', () => {
    // The first figure is the fault: if a new kafkajs mends it, the override can go.
    expect(wakeUpsPerSecond()).toBeGreaterThan(900);
    calmRequestQueues();
    expect(wakeUpsPerSecond()).toBe(0);
  });

  it('still sends what waits for the end of throttling', () => {
    calmRequestQueues();
    const throttled = queue();
    const sent: number[] = [];
    throttled.maybeThrottle(500);
    throttled.push({ entry: request(7), expectResponse: true, sendRequest: () => sent.push(7) });
    jest.advanceTimersByTime(400);
    expect(sent).toEqual([]);
    jest.advanceTimersByTime(200);
    expect(sent).toEqual([7]);
  });

  it('sends what waits for the end of throttling also when the clock was set back', () => {
    calmRequestQueues();
    const throttled = queue();
    const sent: number[] = [];
    throttled.maybeThrottle(500);
    throttled.push({ entry: request(7), expectResponse: true, sendRequest: () => sent.push(7) });
    jest.setSystemTime(Date.now() - HOUR_MS);
    jest.advanceTimersByTime(600);
    expect(sent).toEqual([7]);
  });

  it('still sends what waits for a free place, when an answer comes', () => {
    calmRequestQueues();
    const narrow = queue(1);
    const sent: number[] = [];
    for (const id of [1, 2]) {
      narrow.push({ entry: request(id), expectResponse: true, sendRequest: () => sent.push(id) });
    }
    expect(sent).toEqual([1]);
    narrow.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    expect(sent).toEqual([1, 2]);
  });
});

describe('timeRequestsSteadily', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    RequestQueue.prototype.scheduleRequestTimeoutCheck = originalCheck;
    jest.useRealTimers();
  });

  /** Whether a request of one second is given up so long after the clock was set by `shiftMs`. */
  function isGivenUp(shiftMs: number, afterMs: number): boolean {
    const options = { maxInFlightRequests: null, requestTimeout: 1_000, clientId: 'c', broker: 'b', logger: silent };
    const timed = new RequestQueue({ ...options, enforceRequestTimeout: true, isConnected: () => true }) as ReturnType<
      typeof queue
    >;
    timed.scheduleRequestTimeoutCheck();
    let isOver = false;
    const entry = { ...request(1), reject: () => (isOver = true) };
    timed.push({ entry, expectResponse: true, sendRequest: () => undefined });
    jest.advanceTimersByTime(200);
    jest.setSystemTime(Date.now() + shiftMs);
    jest.advanceTimersByTime(afterMs);
    timed.destroy();
    return isOver;
  }

  it('gives a request its time whatever the clock is set to', () => {
    // The first two are the fault: if a new kafkajs mends it, the override can go.
    expect(isGivenUp(HOUR_MS, 300)).toBe(true);
    expect(isGivenUp(-HOUR_MS, 2_000)).toBe(false);
    timeRequestsSteadily();
    for (const shiftMs of [0, HOUR_MS, -HOUR_MS]) {
      expect(isGivenUp(shiftMs, 300)).toBe(false);
      expect(isGivenUp(shiftMs, 2_000)).toBe(true);
    }
  });
});
