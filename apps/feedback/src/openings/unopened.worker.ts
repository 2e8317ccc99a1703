import type { Bus } from '#bus';
import { encode, fixedTopics, message, UnopenedSchema } from '#contracts';
import { exchangeIdBytes, parseExchangeId, type Clock } from '#kernel';
import { Rounds } from '#platform';
import type { UnopenedStatement, UnopenedStore } from './unopened.store.js';

export interface UnopenedParts {
  readonly bus: Bus;
  readonly store: UnopenedStore;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** How long the openings of a leaf may take. */
  readonly afterMs: number;
  /** By consumer: how many of its statements nobody has opened. */
  readonly alarm: (consumer: string, statements: number) => void;
  readonly failed: (cause: unknown) => void;
}

const STATEMENTS_PER_PASS = 500;
const COUNTED_AT_MOST = 100_000;

/** Asks for the openings of commitments that nobody has opened in ten minutes, and names whose they are. */
export class UnopenedWorker {
  private readonly rounds: Rounds;
  /** Commitments that are overdue, as of the last pass. */
  overdue = 0;

  constructor(private readonly parts: UnopenedParts) {
    this.rounds = new Rounds(() => this.pass(), parts.failed, parts.intervalMs);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async pass(): Promise<number> {
    const { store, clock, bus, alarm, afterMs, intervalMs } = this.parts;
    const nowMs = clock.now();
    this.overdue = await store.overdue(nowMs - afterMs, COUNTED_AT_MOST);
    const due = await store.due(nowMs, STATEMENTS_PER_PASS);
    if (due.length === 0) return intervalMs;
    // Asked before it is noted: after a crash in between it is asked twice, and answered twice at worst.
    await bus.publish(due.flatMap((one) => question(one) ?? []));
    await store.asked(due, nowMs);
    for (const [consumer, own] of Map.groupBy(due, (one) => one.consumer)) alarm(consumer, own.length);
    return intervalMs;
  }
}

function question({ exchangeId, statement, consumer }: UnopenedStatement) {
  const id = parseExchangeId(exchangeId);
  if (id === undefined) return undefined;
  const asked = message(UnopenedSchema, {
    exchangeId: exchangeIdBytes(id),
    statementHash: new Uint8Array(statement),
    from: consumer,
  });
  return {
    topic: fixedTopics.unopened.name,
    partition: 0,
    key: Buffer.from(asked.exchangeId),
    value: encode(UnopenedSchema, asked),
  };
}
