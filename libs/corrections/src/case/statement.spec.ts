import { newExchangeId } from '#kernel';
import { payloadProblem, slotFor, type StatementPayload } from '#signing';
import type { CaseEvent } from './event.js';
import { ESCALATE_MS, EVENT_TYPES, operator, sample, supervisor, TERM_MS, walkTo } from './spec-support/walk.js';
import { CASE_STATES } from './state.js';
import type { CaseStatement } from './statement.js';

/** As whoever makes it does: with an id, a time, the end of the clock, and the subject where a case begins. */
function payloadOf({ signer: _signer, dueOf, ...rest }: CaseStatement): Record<string, unknown> {
  return {
    v: 1,
    id: newExchangeId(),
    ts: 1,
    ...rest,
    ...(dueOf === undefined ? {} : { due: 2 }),
    ...(rest.t === 'correction.submitted' ? { subj: [] } : {}),
  };
}

/** Every statement that any event makes in any state. */
function statements(): CaseStatement[] {
  const changes: Partial<CaseEvent>[] = [
    {},
    { isMatch: false },
    { by: operator },
    { by: supervisor, reason: 'supervisor-order' },
    { step: 'missed' },
  ];
  return CASE_STATES.flatMap((state) =>
    EVENT_TYPES.flatMap((type) =>
      changes.flatMap((change) =>
        [0, TERM_MS].flatMap((ms) => {
          const walk = walkTo(state).later(ms);
          const event = { ...sample(type, walk.record), ...change } as CaseEvent;
          const result = walk.offer(event);
          return result.ok ? [result.value.statement] : [];
        }),
      ),
    ),
  );
}

describe('the statements of a case', () => {
  const late = walkTo('IN_REVIEW').later(TERM_MS).go('tick', { clock: 'decide', step: 'missed' });
  const refused = walkTo('PROPAGATING').go('acknowledge', { action: 'REFUSED', reason: 'record-frozen' });
  const made = [
    ...statements(),
    refused.last.statement,
    late.later(ESCALATE_MS).go('tick', { clock: 'decide', step: 'escalated' }).last.statement,
  ];

  it('are of the form that the catalogue of leaves gives them, whichever event makes them', () => {
    const ill = made.filter((statement) => payloadProblem(payloadOf(statement)) !== undefined);
    expect(ill).toEqual([]);
    expect(new Set(made.map(({ t }) => t)).size).toBe(24);
  });

  it('may be signed by who the case says, and take the slot of their number', () => {
    const slots = made.map((statement) =>
      slotFor(payloadOf(statement) as unknown as StatementPayload, statement.signer),
    );
    expect(slots).toEqual(made.map(({ seq }) => (seq === undefined ? '-' : `s${seq}`)));
  });

  it.each([
    ['before 1970', Date.parse('1969-12-31'), undefined],
    ['on the first day of JavaScript', -8.64e15, undefined],
    ['on the day before it', -8.64e15 - 1, 'statement-bad-field'],
    ['in the middle of a millisecond', 0.5, 'statement-bad-field'],
  ])('may say that a value holds from a day %s on, if there is one', (_, until, problem) => {
    const { statement } = walkTo('CORRECTED').last;
    expect(payloadProblem({ ...payloadOf(statement), until })).toBe(problem);
  });
});
