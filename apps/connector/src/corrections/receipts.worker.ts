import type { Standing } from '#case-client';
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

/** A case that feedback lists, as it was found last. */
interface Known {
  /** Of another one nothing of this holds. */
  readonly seq: number;
  /** Id of the delivery; fetched once, since the whole request comes with it. */
  readonly contentId: string | undefined;
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
  private known = new Map<string, Known>();

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
    const listed = new Map<string, Known>();
    for (const subsystem of this.parts.subsystems) {
      for (const { id, seq } of await this.routed(subsystem)) {
        if (this.rounds.isStopping) return this.parts.intervalMs;
        listed.set(id, await this.receive(subsystem, id, seq));
      }
    }
    this.known = listed;
    return this.parts.intervalMs;
  }

  /** One subsystem that cannot be asked holds up no other. */
  private async routed(subsystem: SubsystemId): Promise<Standing[]> {
    const found: Standing[] = [];
    try {
      const client = this.parts.clients.of(subsystem);
      let after: string | undefined;
      do {
        const { cases, next } = await client.list({ state: 'ROUTED', after, limit: 100 });
        found.push(...cases.filter(({ isMoving }) => !isMoving));
        after = next;
      } while (after !== undefined && found.length < MOST_PER_ROUND);
    } catch (cause) {
      this.parts.failed(cause);
    }
    return found;
  }

  /** A refusal is no failure: the list of the next round says how the case stands. */
  private async receive(subsystem: SubsystemId, id: string, seq: number): Promise<Known> {
    const before = this.known.get(id);
    const nowMs = this.parts.clock.now();
    const fresh: Known = { seq, contentId: undefined, failures: 0, notBeforeMs: 0 };
    const known = before?.seq === seq ? before : fresh;
    if (nowMs < known.notBeforeMs) return known;
    try {
      const client = this.parts.clients.of(subsystem);
      const contentId = known.contentId ?? (await client.read(id)).contentId;
      const delivery = await this.outbox.find(this.parts.database, contentId);
      const isTheirs = delivery?.recipient === subsystem && delivery.kind === CASE_KINDS.request;
      if (isTheirs && delivery.state === 'delivered') await client.receive(id);
      return { ...fresh, contentId };
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'case-feedback-conflict') return known;
      this.parts.failed(cause);
      const failures = known.failures + 1;
      const rule = { firstMs: this.parts.intervalMs, longestMs: LONGEST_MS };
      return { ...known, failures, notBeforeMs: nowMs + backOffMs(failures, rule, Math.random()) };
    }
  }
}
