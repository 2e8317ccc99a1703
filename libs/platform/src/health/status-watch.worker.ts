import { isYoung, systemClock, type Clock } from '#kernel';
import type { StatusPart } from './status-parts.js';
import { overall, StatusKeeper, type AppStatus, type Reading } from './status.js';

const EVERY_MS = 5_000;
const PART_TIMEOUT_MS = 2_500;
/** Who asks more often gets what was seen a moment ago. */
const FRESH_MS = 500;

/** Looks at every part of an app at intervals, so that it is known since when one fails even if nobody asks. */
export class StatusWatch {
  private readonly keeper = new StatusKeeper();
  /** The look under way, which everybody who asks meanwhile shares. */
  private looking: Promise<AppStatus> | undefined;
  private last: { readonly status: AppStatus; readonly atMs: number } | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  constructor(
    readonly app: string,
    private readonly parts: readonly StatusPart[],
    private readonly clock: Clock = systemClock,
  ) {}

  /** Called by Nest when the app serves. */
  onApplicationBootstrap(): void {
    void this.run();
  }

  /** Called by Nest when the app closes. */
  onModuleDestroy(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** How the app stands now. */
  status(): Promise<AppStatus> {
    if (this.last !== undefined && isYoung(this.last.atMs, FRESH_MS, this.clock.now()))
      return Promise.resolve(this.last.status);
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async run(): Promise<void> {
    await this.status();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.run(), EVERY_MS);
    this.timer.unref();
  }

  private async look(): Promise<AppStatus> {
    const readings = await Promise.all(this.parts.map((part) => readPart(part)));
    const nowMs = this.clock.now();
    const parts = this.parts.map(({ name }, index) => this.keeper.observe(name, readings[index] ?? UNREAD, nowMs));
    const status: AppStatus = { app: this.app, state: overall(parts), at: new Date(nowMs).toISOString(), parts };
    this.last = { status, atMs: nowMs };
    return status;
  }
}

const UNREAD: Reading = { state: 'down', reason: 'could not be read' };

async function readPart(part: StatusPart): Promise<Reading> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reading>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'down', reason: 'did not answer in time' }), PART_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve(part.read()), late]);
  } catch {
    // What was thrown may quote anything; to the operator only the fact matters here.
    return UNREAD;
  } finally {
    clearTimeout(timer);
  }
}
