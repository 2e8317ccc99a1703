import {
  advance,
  applyClocks,
  runningInstants,
  withTold,
  type Advanced,
  type CaseEvent,
  type CaseRecord,
  type CaseRefusal,
  type Deadline,
  type Terms,
} from '#corrections';
import { ok, type Result } from '#kernel';

/** What a transition makes of a case, its clocks included. */
export interface NextStep extends Pick<Advanced, 'statement' | 'told' | 'signals'> {
  /** With the clocks' instants as they stand afterwards; without the leaf, which is still to come. */
  readonly record: CaseRecord;
  readonly deadlines: readonly Deadline[];
  /** End of the clock that the statement names, ms. */
  readonly dueMs: number | undefined;
}

/** The state machine and the terms of its law as one step. Pure: who prepares a statement and who checks it get the same. */
export function nextStep(
  { record, deadlines }: { readonly record: CaseRecord; readonly deadlines: readonly Deadline[] },
  event: CaseEvent,
  { profile, calendar }: Terms,
  atMs: number,
): Result<NextStep, CaseRefusal> {
  const judged = advance(record, event, atMs);
  if (!judged.ok) return judged;
  const { statement, told, signals, clocks } = judged.value;
  const moved = applyClocks(deadlines, clocks, profile, calendar, atMs);
  const after = event.type === 'tick' ? withTold(moved, [{ clock: event.clock, event: event.step }]) : moved;
  const due = runningInstants(after);
  const dueMs = statement.dueOf === undefined ? undefined : due[statement.dueOf]?.dueAt;
  return ok({ statement, told, signals, record: { ...judged.value.record, due }, deadlines: after, dueMs });
}
