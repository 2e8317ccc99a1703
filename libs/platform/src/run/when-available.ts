import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#kernel';
import type { Logger } from '../logging/logger.js';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/**
 * What a process needs before it can start, asked for again while it is away, for a minute: broker, database and
 * processes start together after an outage, and one that ends itself costs its whole start once more. Rejects at once
 * with whatever is no `unavailable`.
 */
export async function whenAvailable<Value>(
  what: string,
  logger: Pick<Logger, 'warn'>,
  attempt: () => Promise<Value>,
): Promise<Value> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (let isTold = false; ; isTold = true) {
    try {
      return await attempt();
    } catch (cause) {
      const isAway = cause instanceof AppError && cause.entry.kind === 'unavailable';
      if (!isAway || performance.now() >= untilMs) throw cause;
      if (!isTold) logger.warn({ err: cause, what }, 'not there yet, waiting');
      await delay(PAUSE_MS);
    }
  }
}
