export type HealthState = 'ok' | 'degraded' | 'down';

/** What one look at a part showed. `reason` in words without personal data; `details` are figures for the operator. */
export interface Reading {
  readonly state: HealthState;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

export interface PartStatus extends Reading {
  readonly part: string;
  /** Since when it is so; trouble that comes back at once is still the same trouble. */
  readonly since: string;
}

/** What `GET /status` of an app answers. */
export interface AppStatus {
  readonly app: string;
  readonly state: HealthState;
  readonly at: string;
  readonly parts: readonly PartStatus[];
}

/** Trouble that returns within this time after it ended has not ended: a part that flaps is shown with its first failure. */
const STEADY_MS = 30_000;

interface Kept {
  readonly state: HealthState;
  readonly sinceMs: number;
  /** Begin of the last trouble, and when it was last seen. */
  readonly trouble: { readonly sinceMs: number; readonly seenMs: number } | undefined;
}

/** Remembers since when each part is as it is. */
export class StatusKeeper {
  /** By part; written by `observe`. Parts are a closed list of their app. */
  private readonly kept = new Map<string, Kept>();

  observe(part: string, reading: Reading, nowMs: number): PartStatus {
    const next = follow(this.kept.get(part), reading.state, nowMs);
    this.kept.set(part, next);
    const { state, reason, details } = reading;
    return {
      part,
      state,
      since: new Date(next.sinceMs).toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
    };
  }
}

function follow(before: Kept | undefined, state: HealthState, nowMs: number): Kept {
  if (state === 'ok') return before?.state === 'ok' ? before : { state, sinceMs: nowMs, trouble: before?.trouble };
  const last = before?.trouble;
  const isSame = last !== undefined && (before?.state !== 'ok' || nowMs - last.seenMs <= STEADY_MS);
  const sinceMs = isSame ? last.sinceMs : nowMs;
  return { state, sinceMs, trouble: { sinceMs, seenMs: nowMs } };
}

/** A whole is degraded by whatever is wrong with a part of it. */
export function overall(parts: readonly { readonly state: HealthState }[]): HealthState {
  return parts.every(({ state }) => state === 'ok') ? 'ok' : 'degraded';
}
