import { setTimeout as pause } from 'node:timers/promises';
import type { Bus, OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { ok, refuse, type Clock, type Result } from '#kernel';
import { Rounds } from '#platform';
import type { Database, Queries } from '#postgres';
import { signStatement, type Signer, type Statement, type StatementPayload } from '#signing';
import { ownStatementErrors } from './own-statements.errors.js';
import { OwnStatementStore, type KeptStatement } from './own-statement.store.js';

export interface OwnStatementsParts {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  /** The key that the snapshot publishes for feedback; undefined: none, or no snapshot yet. */
  readonly signer: () => Signer | undefined;
  /** Statements that no log has taken within a day. */
  readonly givenUp: (statements: number) => void;
  /** Some are on their way into the log. */
  readonly sent?: () => void;
  readonly failed: (cause: unknown) => void;
}

/** Where a statement stands in the log. */
export interface LogPlace {
  readonly log: string;
  readonly index: number;
}

const PER_ROUND = 200;
const IDLE_MS = 1_000;
const LOOK_MS = 100;
const COUNTED_AT_MOST = 10_000;
/** A log that is well has taken a statement by then; later nobody looks for it any sooner than for others. */
const AWAITED_MS = 5_000;

/**
 * Brings statements of feedback, and of members who gave them to it, into the log. What is kept in a transaction goes
 * out until the followed log shows it, so a crash at any line loses none and makes none twice: the log takes the same
 * bytes once (`statements.md` §2). A receipt is not waited for: the log that feedback verifies leaf by leaf is a better
 * proof, and a refusal on a reply topic proves nothing. What no log takes in a day is given up, with an alarm.
 */
export class OwnStatements {
  private readonly store: OwnStatementStore;
  private readonly rounds: Rounds;
  /** Not in the log yet, as of the last round. */
  waiting = 0;
  /** When some were sent last; written by `round`. */
  private sentMs = -Infinity;

  constructor(private readonly parts: OwnStatementsParts) {
    this.store = new OwnStatementStore(parts.database);
    this.rounds = new Rounds(() => this.round(), parts.failed, IDLE_MS);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Some were sent a moment ago, and what they bring about waits for their leaves. */
  isAwaited(): boolean {
    return this.waiting > 0 && performance.now() - this.sentMs < AWAITED_MS;
  }

  /** Signs in the name of feedback; nothing is kept yet. Rejects `statement-unsigned`. */
  async sign<Payload extends StatementPayload>(payload: Payload): Promise<Statement<Payload>> {
    const signer = this.parts.signer();
    if (signer === undefined) throw ownStatementErrors.error('statement-unsigned');
    return signStatement(payload, signer);
  }

  /** In the caller's transaction. Whoever keeps a statement that is not feedback's has judged it before. */
  async keep(queries: Queries, statement: KeptStatement): Promise<void> {
    await this.store.keep(queries, statement, this.parts.clock.now());
  }

  /** After that transaction: sends at once. Without it the next round does. */
  wake(): void {
    this.rounds.soon();
  }

  /**
   * Resolves when the followed log holds it; `given-up` when none will, `unknown` when it was never kept. Rejects
   * `log-silent` after `timeoutMs`: it is still on its way.
   */
  async settled(leafHash: Buffer, timeoutMs: number): Promise<Result<LogPlace, 'given-up' | 'unknown'>> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const standing = await this.store.find(leafHash);
      if (standing === undefined) return refuse('unknown');
      if (standing.state === 'given-up') return refuse('given-up');
      if (standing.state === 'logged') return ok({ log: standing.log, index: standing.index });
      if (performance.now() >= until) throw ownStatementErrors.error('log-silent');
      await pause(LOOK_MS);
    }
  }

  /** Those of these statements that stand in the followed log, by leaf hash in hex. */
  places(leafHashes: readonly Buffer[]): Promise<ReadonlyMap<string, LogPlace>> {
    return this.store.places(leafHashes);
  }

  /** Those of these statements that were ever kept. */
  kept(leafHashes: readonly Buffer[]): Promise<readonly KeptStatement[]> {
    return this.store.kept(leafHashes);
  }

  private async round(): Promise<number> {
    const { bus, clock, givenUp, sent } = this.parts;
    const lost = await this.store.giveUp(clock.now());
    if (lost > 0) givenUp(lost);
    const due = await this.store.takeDue(clock.now(), PER_ROUND);
    if (due.length > 0) {
      await bus.publish(due.map(stampRecord));
      this.sentMs = performance.now();
      this.waiting = due.length;
      sent?.();
    }
    this.waiting = await this.store.waiting(COUNTED_AT_MOST);
    return due.length === PER_ROUND ? 0 : IDLE_MS;
  }
}

/** Asks for no receipt. */
function stampRecord({ jws }: KeptStatement): OutgoingRecord {
  return { topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws), headers: { reply: [] } };
}
