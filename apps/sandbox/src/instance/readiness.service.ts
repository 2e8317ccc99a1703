import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sandboxErrors } from '../sandbox.errors.js';

const READY_TIMEOUT_MS = 90_000;
const POLL_MS = 50;
const notReady = z.object({ missing: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]) });

/** Asks `/ready` until it answers 200. Rejects with what is missing when the time is up. */
export async function awaitReady(baseUrl: string, signal: AbortSignal, note: (text: string) => void): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let told = '';
  for (;;) {
    const missing = await missingAt(baseUrl);
    if (missing === undefined) return;
    signal.throwIfAborted();
    const text = `waiting for ${missing.join(', ')}`;
    if (text !== told) note(text);
    told = text;
    if (Date.now() > deadline) throw sandboxErrors.error('sandbox-not-ready', { extensions: { problems: missing } });
    await delay(POLL_MS);
  }
}

/** What `/ready` says is missing; undefined if nothing is. */
async function missingAt(baseUrl: string): Promise<string[] | undefined> {
  try {
    const answer = await fetch(`${baseUrl}/ready`, { signal: AbortSignal.timeout(6_000) });
    if (answer.ok) {
      await answer.body?.cancel();
      return undefined;
    }
    const parsed = notReady.safeParse(await answer.json());
    if (!parsed.success) return [`status ${answer.status}`];
    const { missing } = parsed.data;
    return Array.isArray(missing)
      ? missing.map((entry) => nameOf(entry))
      : Object.entries(missing).map(([name, what]) => `${name}: ${nameOf(what)}`);
  } catch {
    // Restarting, or not listening yet.
    return ['an answer'];
  }
}

function nameOf(entry: unknown): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}
