import type { Clock } from '#kernel';
import type { Statement } from '#signing';
import type { StampsWorker } from '../exchange/stamps.worker.js';

const FRESH_MS = 5_000;
const WAIT_MS = 1_500;

/**
 * Whether the log would answer now. It stamps the registry's newest manifest again, which is a leaf already: the log
 * answers a duplicate with a receipt and grows by nothing (`bus.md` §7). Asked by `/ready` and, every 5 s, by `/status`;
 * shared by all who ask at once.
 */
export class LogProbe {
  /** Milliseconds since the epoch of the last checked receipt of a probe. */
  private receiptedAtMs = -Infinity;
  private asking: Promise<boolean> | undefined;

  constructor(
    private readonly stamps: StampsWorker,
    private readonly manifest: () => Statement | undefined,
    private readonly hearing: () => string | undefined,
    private readonly clock: Clock,
  ) {}

  /** Undefined if the log has answered within 5 seconds. */
  async missing(): Promise<string | undefined> {
    if (this.clock.now() - this.receiptedAtMs < FRESH_MS) return undefined;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return (await this.asking) ? undefined : 'no receipt from the log within 5 s';
  }

  private async ask(): Promise<boolean> {
    const manifest = this.manifest();
    const topic = this.hearing();
    if (manifest === undefined || topic === undefined) return false;
    const ended = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => ended.resolve(false), WAIT_MS);
    this.stamps.keep({
      jws: manifest.jws,
      leafHash: manifest.leafHash,
      replyTopics: [topic],
      untilMs: this.clock.now() + FRESH_MS,
      ended: (how) => {
        if (how === 'receipt') this.receiptedAtMs = this.clock.now();
        ended.resolve(how === 'receipt');
      },
    });
    const isReceipted = await ended.promise;
    clearTimeout(timer);
    return isReceipted;
  }
}
