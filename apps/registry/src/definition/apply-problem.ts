/** One thing wrong with what was sent, as the caller's editor can show it. */
export interface ApplyProblem {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  /** `members[1].subsystems[0].code` */
  readonly path: string;
  readonly message: string;
}
