import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, request } from 'undici';
import { latencyHistogram, recordMs } from '../harness/measure.js';
import { tally, type Tally } from './tally.js';

/** What a caller asks, again and again, on a connection of its own. */
export interface Ask {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The caller's calls are counted under this name. */
  readonly group: string;
}

const CALL_TIMEOUT_MS = 60_000;
/** Connections are opened so many at a time, and the next when these were accepted: the accept queue holds 511. */
const OPENED_AT_ONCE = 250;

/**
 * Callers in a closed loop: each has one call under way and makes the next when it has its answer; after a refusal it
 * waits as long as `Retry-After` says, or, impatient, not at all.
 */
export class Crowd {
  private readonly clients: Client[] = [];
  private readonly tallies = new Map<string, Tally>();
  private readonly stopping = new AbortController();
  private loops: Promise<void>[] = [];

  private constructor(private readonly isPatient: boolean) {
    // Each waiting caller listens.
    setMaxListeners(0, this.stopping.signal);
  }

  /**
   * Resolves when every caller has its connection and makes its first call. A slow machine may not let all of them in:
   * after `withinMs` no more come, and `size` says how many there are.
   */
  static async of(
    url: string,
    asks: readonly Ask[],
    { isPatient = true, withinMs = Number.POSITIVE_INFINITY } = {},
  ): Promise<Crowd> {
    const crowd = new Crowd(isPatient);
    const untilMs = performance.now() + withinMs;
    for (let from = 0; from < asks.length && performance.now() < untilMs; from += OPENED_AT_ONCE) {
      await Promise.all(asks.slice(from, from + OPENED_AT_ONCE).map((ask) => crowd.enter(url, ask)));
      // On a connection of its own, which is accepted after the others.
      await (await request(`${url}/live`, { reset: true })).body.dump();
    }
    return crowd;
  }

  get size(): number {
    return this.clients.length;
  }

  /** What was counted since the last look, by group. */
  look(): ReadonlyMap<string, Tally> {
    const seen = new Map(this.tallies);
    this.tallies.clear();
    return seen;
  }

  /** Calls that are under way are cut. */
  async disperse(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.clients.map((client) => client.destroy()));
    await Promise.all(this.loops);
  }

  private async enter(url: string, ask: Ask): Promise<void> {
    const client = new Client(url, { headersTimeout: CALL_TIMEOUT_MS, bodyTimeout: CALL_TIMEOUT_MS });
    this.clients.push(client);
    const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    this.loops.push(this.loop(client, ask));
    await connected;
  }

  private async loop(client: Client, ask: Ask): Promise<void> {
    while (!this.isStopping()) {
      const retryAfterS = await this.call(client, ask);
      if (retryAfterS > 0 && this.isPatient)
        await delay(retryAfterS * 1_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** The seconds of `Retry-After`. */
  private async call(client: Client, { path, headers, group }: Ask): Promise<number> {
    const startedAt = performance.now();
    try {
      const { statusCode, headers: answered, body } = await client.request({ method: 'GET', path, headers });
      await body.dump();
      const retryAfterS = Number(answered['retry-after'] ?? 0);
      this.count(group, String(statusCode), retryAfterS, performance.now() - startedAt);
      return retryAfterS;
    } catch (cause) {
      // Counted by what went wrong: whoever looks decides whether there may be any.
      if (!this.isStopping()) this.count(group, codeOf(cause), 0, performance.now() - startedAt);
      return 0;
    }
  }

  private count(group: string, status: string, retryAfterS: number, tookMs: number): void {
    let found = this.tallies.get(group);
    if (found === undefined) this.tallies.set(group, (found = tally(latencyHistogram())));
    found.statuses.set(status, (found.statuses.get(status) ?? 0) + 1);
    if (status === '503' && retryAfterS <= 0) found.withoutRetryAfter += 1;
    if (status === '200') recordMs(found.answered, tookMs);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

function codeOf(cause: unknown): string {
  // Not `instanceof Error`: what Node itself throws comes from another realm under a test runner.
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  return code ?? message ?? 'unknown';
}
