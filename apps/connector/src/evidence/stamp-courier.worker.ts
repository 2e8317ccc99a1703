import type { OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';

/** Waits between sends of one stamp: 250 ms, then doubling (`bus.md` §4.2, §4.4). */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** A statement on its way to the log; `replies` are topics of the snapshot that want its receipt, at most two. */
export function stampRecord(jws: string, replies: readonly string[]): OutgoingRecord {
  return {
    topic: fixedTopics.stamp.name,
    partition: 0,
    value: Buffer.from(jws, 'latin1'),
    headers: { reply: replies },
  };
}

/**
 * Sends a record again and again until `settled` resolves, beginning 250 ms from now. A send that fails is tried again
 * like one that was lost; the log answers duplicates with the receipt that stands, which makes this safe.
 */
export async function repeatUntil(
  settled: Promise<unknown>,
  send: () => Promise<void>,
  failed: (cause: unknown) => void,
): Promise<void> {
  const stop = settled.then(() => true);
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    let timer: NodeJS.Timeout | undefined;
    const elapsed = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), waitMs);
    });
    const isSettled = await Promise.race([stop, elapsed]);
    clearTimeout(timer);
    if (isSettled) return;
    await send().catch(failed);
  }
}
