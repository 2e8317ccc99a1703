import { AppError, type Clock } from '#kernel';
import { Rounds } from '#platform';
import type { Queries } from '#postgres';
import type { DeliveredFlag, DisputeStore } from './dispute.store.js';
import { disputeErrors } from './disputes.errors.js';

export interface FlagIntakeParts {
  readonly database: { transaction<Done>(work: (queries: Queries) => Promise<Done>): Promise<Done> };
  readonly store: Pick<DisputeStore, 'take'>;
  readonly clock: Clock;
  /** Whether another flag may be set. */
  readonly hasRoom: () => boolean;
  /** Some stand in the table now. */
  readonly taken: () => void;
  readonly failed: (cause: unknown) => void;
}

interface Waiting {
  readonly flag: DeliveredFlag;
  readonly sinceMs: number;
  readonly ended: (isTaken: boolean) => void;
  failures: number;
  notBeforeMs: number;
}

const PER_ROUND = 100;
const IDLE_MS = 1_000;
const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * Writes flags into the table, each until it stands there. Of several the newest word holds, so their order means nothing,
 * and one that cannot be written now, whyever, stands in no other one's way. Whoever brings them bounds their number.
 */
export class FlagIntake {
  private readonly waiting = new Set<Waiting>();
  private readonly rounds: Rounds;

  constructor(private readonly parts: FlagIntakeParts) {
    this.rounds = new Rounds(() => this.round(), parts.failed, IDLE_MS);
  }

  start(): void {
    this.rounds.start();
  }

  /** What waits is given up: it comes again with the next start. */
  async stop(): Promise<void> {
    await this.rounds.stop();
    for (const one of this.waiting) one.ended(false);
    this.waiting.clear();
  }

  /** True: it stands in the table. False: not before `stop`. */
  take(flag: DeliveredFlag): Promise<boolean> {
    if (this.rounds.isStopping) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.waiting.add({ flag, sinceMs: this.parts.clock.now(), ended: resolve, failures: 0, notBeforeMs: 0 });
    this.rounds.soon();
    return promise;
  }

  /** Those that have come and do not stand in the table. */
  get sizes(): { readonly waiting: number; readonly sinceMs: number | undefined } {
    const times = [...this.waiting].map(({ sinceMs }) => sinceMs);
    return { waiting: times.length, sinceMs: times.length === 0 ? undefined : Math.min(...times) };
  }

  private async round(): Promise<number> {
    const nowMs = performance.now();
    const due = [...this.waiting].filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    // Those that never failed first, however many have.
    const page = due.sort((one, other) => one.failures - other.failures).slice(0, PER_ROUND);
    const { hasRoom } = this.parts;
    const fit = page.filter(({ flag }) => !flag.isOn || hasRoom());
    for (const one of page) if (!fit.includes(one)) this.again(one, disputeErrors.error('disputes-full'));
    if (fit.length > 0) await this.write(fit);
    const next = Math.min(...[...this.waiting].map(({ notBeforeMs }) => notBeforeMs));
    return Math.min(IDLE_MS, Math.max(0, next - performance.now()));
  }

  /** Together if that goes, else one by one, so that one alone fails for what is wrong with it. */
  private async write(all: readonly Waiting[]): Promise<void> {
    try {
      await this.writeThese(all);
    } catch (cause) {
      const isAway = cause instanceof AppError && cause.entry.kind === 'unavailable';
      if (all.length === 1 || isAway) for (const one of all) this.again(one, cause);
      else for (const one of all) await this.write([one]);
    }
  }

  private async writeThese(all: readonly Waiting[]): Promise<void> {
    const { database, store, taken } = this.parts;
    const flags = all.map(({ flag }) => flag);
    await database.transaction((queries) => store.take(queries, flags));
    for (const one of all) {
      this.waiting.delete(one);
      one.ended(true);
    }
    taken();
  }

  private again(one: Waiting, cause: unknown): void {
    one.notBeforeMs = performance.now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** one.failures);
    one.failures += 1;
    this.parts.failed(cause);
  }
}
