import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import type { ClientAssertionStore } from './client-assertion.store.js';

const EVERY_MS = 30_000;
const BATCH = 500;

/** Erases used assertions whose time is over. Each round may be repeated, and several gateways may do it at once. */
export class ClientAssertionsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly store: ClientAssertionStore,
    private readonly clock: Clock,
    failed: (what: string, cause: unknown) => void,
  ) {
    this.rounds = new Rounds(
      () => this.run(),
      (cause) => failed('client-assertions', cause),
      EVERY_MS,
    );
  }

  start(): this {
    this.rounds.start(EVERY_MS);
    return this;
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** One round; public so that a test need not wait for the timer. */
  async run(): Promise<number> {
    while (!this.rounds.isStopping && (await this.store.sweep(this.clock.now(), BATCH)) > 0);
    return EVERY_MS;
  }
}
