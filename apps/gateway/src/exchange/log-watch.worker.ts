import type { Clock } from '#kernel';
import type { Statement } from '#signing';
import type { LogPulse } from './log-pulse.js';
import type { StampsWorker } from './stamps.worker.js';

export interface LogWatchParts {
  readonly pulse: LogPulse;
  readonly stamps: StampsWorker;
  /** The registry's newest manifest, as this gateway holds it. */
  readonly manifest: () => Statement | undefined;
  readonly hearing: () => string | undefined;
  readonly clock: Clock;
}

const TICK_MS = 500;
/** A receipt usually comes within milliseconds; after this one is asked for that must come. */
const PROBE_AFTER_MS = 1_000;
const PROBE_LIFE_MS = 5_000;

/**
 * Whether the log answers. Without it no answer may leave (`design.md` §7), so new exchanges are refused at once; then
 * one probe alone keeps asking. It is the registry's newest manifest, which is a leaf already: the log answers the
 * duplicate with a receipt and grows by nothing (`bus.md` §7).
 */
export class LogWatch {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly parts: LogWatchParts,
    /** Silence after which nothing is accepted. */
    private readonly silentMs: number,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      if (this.parts.pulse.silentMs() >= PROBE_AFTER_MS) this.probe();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** False while this process's statements wait and no receipt of any comes. */
  answers(): boolean {
    return this.parts.pulse.silentMs() <= this.silentMs;
  }

  /** Asks for a receipt, unless that is being asked already; false if nothing can be asked. */
  probe(): boolean {
    const { stamps, clock } = this.parts;
    const manifest = this.parts.manifest();
    const topic = this.parts.hearing();
    if (manifest === undefined || topic === undefined) return false;
    const { jws, leafHash } = manifest;
    const untilMs = clock.now() + PROBE_LIFE_MS;
    return stamps.keep({ jws, leafHash, replyTopics: [topic], untilMs, ended: () => undefined });
  }
}
