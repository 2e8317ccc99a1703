import type { CountedLog, FoundProblem } from './compare.js';

/** What an auditor signs (`audit-log.md` §4.3). It names no person: openings are looked at and not kept. */
export interface CompletenessReport {
  readonly v: 1;
  /** ISO instant at which feedback was asked. */
  readonly at: string;
  readonly auditor: string;
  readonly feedback: string;
  /** base64url; with the roots it says which leaves were sampled. */
  readonly nonce: string;
  readonly logs: readonly (CountedLog & { readonly root: string; readonly sample: number })[];
  readonly sampled: {
    readonly leaves: number;
    readonly commitments: number;
    readonly opened: number;
    readonly pending: number;
    readonly erased: number;
  };
  readonly findings: readonly FoundProblem[];
}
