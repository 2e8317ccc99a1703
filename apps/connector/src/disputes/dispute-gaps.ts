/** Where flags may be that are not held here yet, and since when. */
export interface DisputeGap {
  readonly where: GapPlace;
  readonly sinceMs: number;
}

export const GAP_PLACES = [
  'table',
  'broker',
  'arrived',
  'feedback-silent',
  'feedback-owes',
  'feedback-behind',
] as const;
export type GapPlace = (typeof GAP_PLACES)[number];

const WORDS: Readonly<Record<GapPlace, string>> = {
  table: 'the database cannot be read',
  broker: 'the broker is silent',
  arrived: 'some that came cannot be written down',
  'feedback-silent': 'feedback does not answer',
  'feedback-owes': 'feedback could not deliver some',
  'feedback-behind': 'feedback does not follow the log',
};

/** In one sentence; undefined if there is none. */
export function gapReason(gaps: readonly DisputeGap[]): string | undefined {
  if (gaps.length === 0) return undefined;
  const since = new Date(Math.min(...gaps.map(({ sinceMs }) => sinceMs))).toISOString();
  return `dispute flags may be stale since ${since}: ${gaps.map(({ where }) => WORDS[where]).join(', ')}`;
}
