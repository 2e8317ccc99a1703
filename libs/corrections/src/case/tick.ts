import { hasCome, stepsOf, type ClockKind, type ClockStep } from '../clock-command.js';
import { happens, refuses, startDecide, type Judge } from './effect.js';
import { REMINDED, TOLD, type Audience } from './notice.js';
import type { CaseEventOf } from './event.js';
import type { CaseRecord } from './record.js';
import type { CaseRefusalCode } from './refusal.js';

const ORDER = ['running', 'near', 'missed', 'escalated'] as const;
const STATED = { near: 'deadline-near', missed: 'deadline-missed', escalated: 'escalated' } as const;

/**
 * A clock passed a step: it is told, and no state changes by it. What must follow from the end of a term (`lapse-info`,
 * `close`) is an event of its own. A step that came while nobody looked may be left out, never told after a later one.
 */
export const tick: Judge<'tick'> = (record, event, atMs) => {
  const { clock, step } = event;
  const problem = stepProblem(record, event, atMs);
  if (problem !== undefined) return refuses(problem);
  // At the latest from the end of the term to forward: `corrections.md` §5.
  const startsDecide = clock === 'forward' && step === 'missed' && record.owesDecideClock;
  return happens({
    to: record.state,
    states: STATED[step],
    change: {
      clocks: { ...record.clocks, [clock]: step },
      ...(step === 'escalated' ? { isEscalated: true } : {}),
      ...(startsDecide ? { owesDecideClock: false } : {}),
    },
    clocks: startsDecide ? [startDecide(record, atMs)] : [],
    says: { why: clock },
    dueOf: clock,
    tells: audiencesOf(record, clock, step),
  });
};

function stepProblem(
  record: CaseRecord,
  { clock, step }: CaseEventOf<'tick'>,
  atMs: number,
): CaseRefusalCode | undefined {
  const told = record.clocks[clock];
  if (told === undefined) return 'clock-not-running';
  if (!stepsOf(clock).includes(step)) return 'clock-step-unknown';
  if (ORDER.indexOf(told) >= ORDER.indexOf(step)) return 'clock-told';
  const due = record.due[clock];
  const isTime = due !== undefined && hasCome(due, step, atMs);
  return isTime && (step !== 'escalated' || told === 'missed') ? undefined : 'clock-not-due';
}

/** Where the next step is the bus's own, the operator hears of it and not the agency. */
function audiencesOf({ state }: CaseRecord, clock: ClockKind, step: ClockStep): readonly Audience[] {
  const reminded = REMINDED[clock];
  if (reminded !== undefined) return [reminded];
  const isOurs = clock === 'propagate' || state === 'SUBMITTED';
  return TOLD[STATED[step]].map((one) => (isOurs && (one === 'owner' || one === 'owner-head') ? 'operator' : one));
}
