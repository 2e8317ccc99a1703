export interface BackOff {
  /** Longest pause after the first failure; doubled with each further one. */
  readonly firstMs: number;
  /** Longest pause of all, also of one that the recipient asks for. */
  readonly longestMs: number;
}

/**
 * Exponential with full jitter: evenly anywhere between nothing and the bound, so that recipients that fell silent
 * together are not asked together ever after.
 *
 * @param failures attempts that failed one after the other, from 1
 * @param random   from 0 up to, not including, 1
 */
export function backOffMs(failures: number, { firstMs, longestMs }: BackOff, random: number): number {
  // Beyond 2^30 the bound is reached whatever it is; further powers would only overflow.
  const boundMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.floor(random * boundMs);
}
