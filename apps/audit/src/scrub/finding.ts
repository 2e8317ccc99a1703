/** What a look at the whole of the stored log can find (`audit-log.md` §3.9); each is a label of a metric. */
export const scrubProblems = [
  'head',
  'leaf-missing',
  'leaf-surplus',
  'leaf-hash',
  'leaf-statement',
  'leaf-columns',
  'offset-order',
  'tile-missing',
  'tile-surplus',
  'tile-data',
  'tile-root',
  'log-unknown',
  'manifest',
  'snapshot',
  'anchor',
  'anchor-untrusted',
] as const;
export type ScrubProblem = (typeof scrubProblems)[number];

export interface Finding {
  readonly problem: ScrubProblem;
  /** Where: an index, a tile as level/index, what differs. Never a value of a row. */
  readonly place: string;
}

/**
 * Whether the log is damaged, so that nothing may be added to it. Offsets are not: the log does not authenticate them,
 * and they begin again with a stamp topic that was made anew. Nor is what a witness or an authority said that
 * `trust.json` names no more: whoever changes it must not stop the log by that.
 */
export function isDamage({ problem }: Finding): boolean {
  return problem !== 'offset-order' && problem !== 'anchor-untrusted';
}
