/** One limit of an agreement, and how it stands where this gateway knows. */
export interface LimitReading {
  readonly name: 'rate' | 'day' | 'month';
  /** Calls in the window. */
  readonly calls: number;
  readonly windowS: number;
  /** Undefined: the provider counts, and has not said. */
  readonly left?: { readonly calls: number; readonly resetS: number };
}

/** `RateLimit-Policy` and `RateLimit`: structured fields of draft-ietf-httpapi-ratelimit-headers (-08 and later). */
export function limitHeaders(
  readings: readonly LimitReading[] = [],
): { readonly name: string; readonly value: string }[] {
  const policies = readings.map(({ name, calls, windowS }) => `"${name}";q=${calls};w=${windowS}`);
  const states = readings.flatMap(({ name, left }) =>
    left === undefined ? [] : [`"${name}";r=${left.calls};t=${left.resetS}`],
  );
  return [
    ...(policies.length === 0 ? [] : [{ name: 'RateLimit-Policy', value: policies.join(', ') }]),
    ...(states.length === 0 ? [] : [{ name: 'RateLimit', value: states.join(', ') }]),
  ];
}
