import { z } from 'zod';

/** What a visitor may do to an agency, to watch breakers and deadlines work (`sandbox.md` §2). */
export const faultSettings = z.strictObject({
  latencyMs: z.number().int().min(0).max(120_000).default(0),
  /** Share of calls answered with 500, spread evenly. */
  errorRate: z.number().min(0).max(1).default(0),
  /** `hang`: the call is taken and never answered; `down`: the connection is cut. */
  mode: z.enum(['ok', 'hang', 'down']).default('ok'),
});
export type FaultSettings = z.infer<typeof faultSettings>;

export const NO_FAULTS: FaultSettings = { latencyMs: 0, errorRate: 0, mode: 'ok' };

export interface CallFate {
  readonly kind: 'answer' | 'error' | 'hang' | 'cut';
  readonly latencyMs: number;
}

/** Decides the fate of each call. Without chance, so that a test that asks for a quarter of errors gets just that. */
export class Faults {
  /** Written by `set`. */
  private settings: FaultSettings = NO_FAULTS;
  /** Share of an error that is owed; written by `next`. */
  private owed = 0;

  set(settings: FaultSettings): void {
    this.settings = settings;
    this.owed = 0;
  }

  current(): FaultSettings {
    return this.settings;
  }

  next(): CallFate {
    const { latencyMs } = this.settings;
    if (this.settings.mode === 'hang') return { kind: 'hang', latencyMs };
    if (this.settings.mode === 'down') return { kind: 'cut', latencyMs };
    this.owed += this.settings.errorRate;
    const failing = this.owed >= 1;
    if (failing) this.owed -= 1;
    return { kind: failing ? 'error' : 'answer', latencyMs };
  }
}
