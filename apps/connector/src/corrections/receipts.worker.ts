import { backOffMs, CASE_KINDS, Outbox } from '#deliveries';
import { AppError, type Clock, type SubsystemId } from '#kernel';
import { Rounds } from '#platform';
import type { Queries } from '#postgres';
import type { CaseClients } from './case-clients.service.js';

export interface ReceiptsParts {
  readonly clients: CaseClients;
  readonly subsystems: readonly SubsystemId[];
  readonly database: Pick<Queries, 'query'>;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly failed: (cause: unknown) => void;
}

interface Try {
  readonly failures: number;
  readonly notBeforeMs: number;
}

const LONGEST_MS = 10 * 60_000;
const MOST_PER_ROUND = 1_000;

/**
 * Signs the owner's receipt for each request that the agency's own system has: brought and acknowledged, or fetched and
 * acknowledged. Nothing of it is kept here: what feedback still waits for (`ROUTED`) is compared with the deliveries that
 * have ended, so that a crash loses nothing, and a case that has moved on is not asked for again. Two connectors of a
 * subsystem may do it side by side: one of them is refused.
 */
export class Receipts {
  private readonly rounds: Rounds;
  private readonly outbox = new Outbox();
  /** By case, while feedback lists it; written by `round`. */
  private tries = new Map<string, Try>();

  constructor(private readonly parts: ReceiptsParts) {
    this.rounds = new Rounds(() => this.round(), parts.failed, parts.intervalMs);
  }

  start(): void {
    if (this.parts.clients.isServed) this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async round(): Promise<number> {
    const listed = new Map<string, Try>();
    for (const subsystem of this.parts.subsystems) {
      for (const id of await this.routed(subsystem)) {
        if (this.rounds.isStopping) return this.parts.intervalMs;
        const next = await this.receive(subsystem, id);
        if (next !== undefined) listed.set(id, next);
      }
    }
    this.tries = listed;
    return this.parts.intervalMs;
  }

  /** One subsystem that cannot be asked holds up no other. */
  private async routed(subsystem: SubsystemId): Promise<string[]> {
    const found: string[] = [];
    try {
      const client = this.parts.clients.of(subsystem);
      let after: string | undefined;
      do {
        const { cases, next } = await client.list({ state: 'ROUTED', after, limit: 100 });
        found.push(...cases.filter(({ isMoving }) => !isMoving).map(({ id }) => id));
        after = next;
      } while (after !== undefined && found.length < MOST_PER_ROUND);
    } catch (cause) {
      this.parts.failed(cause);
    }
    return found;
  }

  /** When to try again, if it has failed; a refusal ends it, since the list of the next round says how the case stands. */
  private async receive(subsystem: SubsystemId, id: string): Promise<Try | undefined> {
    const before = this.tries.get(id);
    const nowMs = this.parts.clock.now();
    if (before !== undefined && nowMs < before.notBeforeMs) return before;
    try {
      const client = this.parts.clients.of(subsystem);
      const { contentId } = await client.read(id);
      const delivery = await this.outbox.find(this.parts.database, contentId);
      const isTheirs = delivery?.recipient === subsystem && delivery.kind === CASE_KINDS.request;
      if (isTheirs && delivery.state === 'delivered') await client.receive(id);
      return undefined;
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'case-feedback-conflict') return undefined;
      this.parts.failed(cause);
      const failures = (before?.failures ?? 0) + 1;
      const rule = { firstMs: this.parts.intervalMs, longestMs: LONGEST_MS };
      return { failures, notBeforeMs: nowMs + backOffMs(failures, rule, Math.random()) };
    }
  }
}
