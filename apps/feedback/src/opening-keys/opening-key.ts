import type { PrivateJwk } from '#signing';

/** A key with which openings are sealed for feedback. */
export interface OpeningKey {
  readonly jwk: PrivateJwk;
  /** What was announced of it, as it was signed. */
  readonly announcement: string;
  readonly fromMs: number;
  /** Nobody seals with it from then on. */
  readonly untilMs: number;
}

/** As far as clocks may be apart (`bus.md` §4.3). */
const EARLY_MS = 5 * 60_000;

/** The newest key that is not of the future: a clock that was ahead and has come back leaves one, which nobody may use. */
export function newestKey(keys: readonly OpeningKey[], nowMs: number): OpeningKey | undefined {
  return keys
    .filter(({ fromMs }) => fromMs <= nowMs + EARLY_MS)
    .reduce<OpeningKey | undefined>(
      (newest, key) => (key.fromMs > (newest?.fromMs ?? -Infinity) ? key : newest),
      undefined,
    );
}

/** Whether another key has to be made: there is none of now, or the newest is a rotation old. */
export function isRotationDue(newest: OpeningKey | undefined, rotateMs: number, nowMs: number): boolean {
  return newest === undefined || nowMs >= newest.fromMs + rotateMs;
}

/**
 * Whether all that was sealed with a key is behind us: its topic has forgotten it, and we have read what stood there at
 * `readToMs`, the newest moment of which that is known. Until then destroying it would lose openings; from then on keeping
 * it would keep what was promised to be gone (`audit-log.md` §4.4).
 */
export function isSpent(
  { untilMs }: Pick<OpeningKey, 'untilMs'>,
  at: { readonly nowMs: number; readonly readToMs: number; readonly retentionMs: number },
): boolean {
  return at.nowMs >= untilMs + at.retentionMs && at.readToMs >= untilMs;
}
