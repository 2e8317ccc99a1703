import type { Clock } from '#kernel';
import type { LogPulse } from '../exchange/log-pulse.js';
import type { LogWatch } from '../exchange/log-watch.worker.js';

const FRESH_MS = 5_000;
const WAIT_MS = 1_500;

/**
 * Whether the log would answer now, asked by `/ready` and, every 5 s, by `/status`; shared by all who ask at once. Where
 * no exchange has had a receipt of late, it has the log probed.
 */
export class LogProbe {
  private asking: Promise<boolean> | undefined;

  constructor(
    private readonly pulse: LogPulse,
    private readonly watch: Pick<LogWatch, 'probe'>,
    private readonly clock: Clock,
  ) {}

  /** Undefined if the log has answered within 5 seconds. */
  async missing(): Promise<string | undefined> {
    if (this.pulse.heardSince(this.clock.now() - FRESH_MS)) return undefined;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return (await this.asking) ? undefined : 'no receipt from the log within 5 s';
  }

  private async ask(): Promise<boolean> {
    const heard = this.pulse.next().then(() => true);
    if (!this.watch.probe()) return false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), WAIT_MS)));
    try {
      return await Promise.race([heard, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
