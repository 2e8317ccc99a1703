import type { ClockKind, ClockStep } from '../clock-command.js';
import { ESCALATE_MS, START_MS, TERM_MS, walkTo, type Walk } from './spec-support/walk.js';
import type { CaseState } from './state.js';

const tick = (clock: ClockKind, step: ClockStep) => ({ clock, step });
const toldOf = (walk: Walk) => walk.last.told.map(({ to, code }) => `${to} ${code}`);

describe('a clock', () => {
  it('tells each step once, in their order, and ends no case', () => {
    const walk = walkTo('IN_REVIEW').go('tick', tick('decide', 'near'));
    expect(toldOf(walk)).toEqual(['citizen deadline-near', 'owner deadline-near']);
    expect(walk.last.statement).toMatchObject({ t: 'correction.deadline-near', why: 'decide', dueOf: 'decide' });
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('clock-told');
    expect(walk.ask('tick', tick('decide', 'missed'))).toBe('clock-not-due');
    walk.later(TERM_MS);
    expect(walk.ask('tick', tick('decide', 'escalated'))).toBe('clock-not-due');
    walk.go('tick', tick('decide', 'missed'));
    expect(toldOf(walk)).toEqual(['citizen deadline-missed', 'owner-head deadline-missed']);
    expect(walk.record.isEscalated).toBe(false);
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('clock-told');
    expect(walk.later(ESCALATE_MS - 1).ask('tick', tick('decide', 'escalated'))).toBe('clock-not-due');
    walk.later(1).go('tick', tick('decide', 'escalated'));
    expect(toldOf(walk)).toEqual(['citizen escalated', 'supervisor escalated']);
    expect(walk.record).toMatchObject({ state: 'IN_REVIEW', isEscalated: true, isDisputed: true });
    expect(walk.ask('decide')).toBe('ACCEPTED');
  });

  it('reminds no sooner than it says, in its last millisecond still, and not of a term that has no time for it', () => {
    const walk = walkTo('IN_REVIEW');
    const { dueAt, escalateAt } = walk.record.due.decide!;
    walk.record = { ...walk.record, due: { decide: { nearAt: START_MS + 5, dueAt, escalateAt } } };
    expect(walk.later(5).ask('tick', tick('decide', 'near'))).toBe('clock-not-due');
    expect(walk.later(1).ask('tick', tick('decide', 'near'))).toBe('IN_REVIEW');
    walk.atMs = dueAt;
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('IN_REVIEW');
    expect(walk.ask('tick', tick('decide', 'missed'))).toBe('clock-not-due');
    walk.record = { ...walk.record, due: { decide: { dueAt, escalateAt } } };
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('clock-not-due');
  });

  it('says nothing is near when it is past', () => {
    const walk = walkTo('IN_REVIEW').later(TERM_MS);
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('clock-not-due');
    expect(walk.ask('tick', tick('decide', 'missed'))).toBe('IN_REVIEW');
  });

  it.each(['near', 'missed'] as const)('tells no %s while nobody has said when it ends', (step) => {
    const walk = walkTo('IN_REVIEW');
    walk.record = { ...walk.record, due: {} };
    expect(walk.ask('tick', tick('decide', step))).toBe('clock-not-due');
  });

  it('that does not run tells nothing', () => {
    expect(walkTo('IN_REVIEW').ask('tick', tick('take-up', 'near'))).toBe('clock-not-running');
  });

  it('that was extended tells its steps anew', () => {
    const walk = walkTo('IN_REVIEW').go('tick', tick('decide', 'near')).go('extend');
    expect(walk.ask('tick', tick('decide', 'near'))).toBe('IN_REVIEW');
  });

  it.each([
    ['NEEDS_INFO', 'reply', 'citizen'],
    ['REJECTED', 'appeal', 'citizen'],
    ['PROPAGATING', 'recipient', 'recipients'],
    ['CLOSED', 'appeal', 'citizen'],
  ] as const)('in %s, of %s, reminds %s and no one else', (state, clock, to) => {
    const walk = walkTo(state).go('tick', tick(clock, 'near'));
    expect(walk.last.told).toEqual([{ to, code: 'deadline-near' }]);
    walk.later(TERM_MS);
    expect(walk.ask('tick', tick(clock, 'missed'))).toBe('clock-step-unknown');
    expect(walk.ask('tick', tick(clock, 'escalated'))).toBe('clock-step-unknown');
  });

  it.each([
    ['SUBMITTED', 'acknowledge'],
    ['CORRECTED', 'propagate'],
  ] as [CaseState, ClockKind][])('in %s, of %s, is the operator’s', (state, clock) => {
    const walk = walkTo(state).go('tick', tick(clock, 'near'));
    expect(toldOf(walk)).toEqual(['citizen deadline-near', 'operator deadline-near']);
    walk.later(TERM_MS).go('tick', tick(clock, 'missed'));
    expect(toldOf(walk)).toEqual(['citizen deadline-missed', 'operator deadline-missed']);
  });
});

describe('the term to decide', () => {
  const fromMs = START_MS + TERM_MS - 1;

  it('begins at the latest when the term to forward has passed, however late that is seen, and once', () => {
    const walk = walkTo('ROUTED')
      .later(2 * TERM_MS)
      .go('tick', tick('forward', 'missed'));
    expect(walk.last.clocks).toEqual([{ act: 'start', clock: 'decide', fromMs }]);
    const due = walk.record.due.decide;
    walk.later(TERM_MS / 2).go('receive');
    expect(walk.record.due.decide).toBe(due);
    expect(walk.last.clocks).not.toContainEqual({ act: 'start', clock: 'decide' });
  });

  it('begins so when the case is received before anybody has seen it, and with the receipt when that is in time', () => {
    expect(walkTo('ROUTED').later(TERM_MS).go('receive').last.clocks).toContainEqual({
      act: 'start',
      clock: 'decide',
      fromMs,
    });
    const inTime = walkTo('ROUTED').later(TERM_MS - 1);
    expect(inTime.go('receive').last.clocks).toContainEqual({ act: 'start', clock: 'decide' });
  });

  it('begins so for the next owner too, unless a transfer has let it run on', () => {
    const walk = walkTo('TRANSFERRED').later(TERM_MS).go('tick', tick('forward', 'missed'));
    expect(walk.last.clocks).toEqual([{ act: 'start', clock: 'decide', fromMs }]);
    walk.go('route').go('receive').go('transfer').later(TERM_MS).go('tick', tick('forward', 'missed'));
    expect(walk.last.clocks).toEqual([]);
  });
});
