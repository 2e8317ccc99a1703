import { setTimeout as delay } from 'node:timers/promises';
import type { Head, LogReader } from '../ledger/log-reader.js';

const EVERY_MS = 500;

/** An outsider who keeps every head that the log shows, to hold it against what the log says later. */
export async function collectHeads(log: LogReader, signal: AbortSignal): Promise<Head[]> {
  const heads = new Map<string, Head>();
  while (!signal.aborted) {
    const head = await log.head();
    if (head !== undefined) heads.set(`${head.size} ${head.root}`, head);
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return [...heads.values()];
}
