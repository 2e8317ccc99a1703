import type { Bus } from '#bus';
import { encode, fixedTopics, message, UnopenedSchema } from '#contracts';
import { exchangeIdBytes, parseExchangeId, type Clock } from '#kernel';
import { Rounds } from '#platform';
import type { UnopenedStatement, UnopenedStore } from './unopened.store.js';

export interface UnopenedParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly store: Pick<UnopenedStore, 'due' | 'asked' | 'overdue'>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** How long the openings of a leaf may take. */
  readonly afterMs: number;
  /** By consumer: how many of its statements nobody has opened. */
  readonly alarm: (consumer: string, statements: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** In memory at once; a backlog takes as many pages as it has. */
const COMMITMENTS_PER_PAGE = 500;
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
    const { store, clock, alarm, afterMs, intervalMs } = this.parts;
    const nowMs = clock.now();
    this.overdue = await store.overdue(nowMs - afterMs, COUNTED_AT_MOST);
    const asked = new Map<string, number>();
    try {
      while ((await this.page(nowMs, asked)) && !this.rounds.isStopping);
    } finally {
      for (const [consumer, statements] of asked) alarm(consumer, statements);
    }
    return intervalMs;
  }

  /** Asks for some; `asked` counts them by consumer. True: there may be others. */
  private async page(nowMs: number, asked: Map<string, number>): Promise<boolean> {
    const { store, bus } = this.parts;
    const { statements, isFull } = await store.due(nowMs, COMMITMENTS_PER_PAGE);
    if (statements.length === 0) return false;
    // Asked before it is noted: after a crash in between it is asked twice, and answered twice at worst.
    await bus.publish(statements.flatMap((one) => question(one) ?? []));
    // None of them is due again in this pass, so a backlog comes to its end.
    await store.asked(statements, nowMs);
    for (const { consumer } of statements) asked.set(consumer, (asked.get(consumer) ?? 0) + 1);
    return isFull;
  }
}

/** Asks whoever serves the consumer for the openings of a statement; undefined: its exchange has no id. */
export function question({ exchangeId, statement, consumer }: Omit<UnopenedStatement, 'seenMs'>) {
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
