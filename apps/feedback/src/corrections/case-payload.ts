import type { CaseStatement } from '#corrections';
import type { CaseStepPayload, CaseSubmittedPayload, StatementPayload } from '#signing';

/** What the statement of a transition says beside what the state machine has said. */
export interface PayloadMoment {
  readonly caseId: string;
  /** `ts`, ms. */
  readonly atMs: number;
  /** End of the clock that the statement names, ms. */
  readonly dueMs: number | undefined;
  /** Of the first transition: the commitment to the person. */
  readonly subject?: string | undefined;
}

/** The payload that whoever acts has to sign, field by field (`statements.md` §2). */
export function casePayload(
  { t, from, to, seq, was, now, prev, why, doc, ref, until, n }: CaseStatement,
  { caseId, atMs, dueMs, subject }: PayloadMoment,
): CaseSubmittedPayload | CaseStepPayload {
  const fields = {
    seq,
    was,
    prev,
    due: dueMs,
    why,
    doc,
    ref,
    until,
    n,
    subj: subject === undefined ? undefined : [subject],
  };
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  // The machine's rows and those of the statements are one table; `payloadProblem` holds them together in the specs.
  return { v: 1, t, id: caseId, ts: atMs, from, to, now, ...said } as unknown as CaseStepPayload;
}

/** Whether what was signed says exactly that. */
export function isSamePayload(one: StatementPayload, other: StatementPayload): boolean {
  return spelled(one) === spelled(other);
}

function spelled(payload: StatementPayload): string {
  return JSON.stringify(Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1)));
}
