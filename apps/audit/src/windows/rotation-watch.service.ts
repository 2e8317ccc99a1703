import type { Logger } from '#platform';
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
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly options: RotationWatchOptions) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.look().then(() => {
        if (!this.isStopped) this.start();
      });
    }, this.options.intervalMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async look(): Promise<void> {
    const { windows, intake, sequencer, logger } = this.options;
    if (!sequencer.isOwner) return;
    try {
      await intake.rotate(await windows.isRotationAsked(sequencer.logId));
    } catch (cause) {
      logger.warn({ err: cause }, 'rotation not made, trying again');
    }
  }
}
