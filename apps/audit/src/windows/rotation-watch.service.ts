import { Rounds, type Logger } from '#platform';
import type { Intake } from '../intake/intake.service.js';
import type { Sequencer } from '../sequencer/sequencer.service.js';
import type { WindowStore } from './window.store.js';

export interface RotationWatchOptions {
  readonly windows: WindowStore;
  readonly intake: Pick<Intake, 'rotate'>;
  readonly sequencer: Pick<Sequencer, 'isOwner' | 'logId'>;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Looks for the operator's request, and ends a window also where no stamp comes; the writer of the log alone. */
export class RotationWatch {
  private readonly rounds: Rounds;

  constructor(private readonly options: RotationWatchOptions) {
    const { intervalMs, logger } = options;
    const failed = (cause: unknown) => logger.warn({ err: cause }, 'rotation not made, trying again');
    this.rounds = new Rounds(() => this.look(), failed, intervalMs);
  }

  start(): void {
    this.rounds.start(this.options.intervalMs);
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async look(): Promise<number> {
    const { windows, intake, sequencer, intervalMs } = this.options;
    if (sequencer.isOwner) await intake.rotate(await windows.isRotationAsked(sequencer.logId));
    return intervalMs;
  }
}
