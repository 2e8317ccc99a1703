import type { AgreedRate } from '#access';

/** How many calls may come at once, as of some time. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** The bucket at another time; a full one for whom nothing is remembered. A clock that goes back fills nothing. */
export function bucketAt(known: Bucket | undefined, { perSecond, burst }: AgreedRate, nowMs: number): Bucket {
  if (known === undefined) return { tokens: burst, atMs: nowMs };
  const gained = (Math.max(0, nowMs - known.atMs) / 1_000) * perSecond;
  return { tokens: Math.min(burst, known.tokens + gained), atMs: nowMs };
}

/** Whole seconds until the bucket holds so many tokens. */
export function secondsUntil(tokens: number, bucket: Bucket, { perSecond }: AgreedRate): number {
  return Math.max(0, Math.ceil((tokens - bucket.tokens) / perSecond));
}
