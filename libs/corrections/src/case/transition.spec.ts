import { advance } from './advance.js';
import type { CaseEventType } from './event.js';
import { CASE_STATES, type CaseState } from './state.js';
import { EVENT_TYPES, sample, TERM_MS, walkTo } from './spec-support/walk.js';
import { cellOf, TRANSITIONS } from './transition.js';

/** Written from `corrections.md` §5 and §6, not from the code: what becomes of each event in each state, guards holding. */
const COLUMNS =
  'DRAFT SUBMITTED TRANSFERRED ROUTED RECEIVED REOPENED IN_REVIEW NEEDS_INFO ACCEPTED PARTIALLY REJECTED CORRECTED PROPAGATING CLOSED WITHDRAWN';
const EXPECTED = `
submit        SUBM   late   late   late   late   late   late   late   late   late   late   late   late   closed withdr
route         draft  ROUT   ROUT   late   late   late   late   late   late   late   late   late   late   closed withdr
split         draft  ROUT   now    late   late   late   late   late   late   late   late   late   late   closed withdr
receive       draft  early  early  RECE   late   late   late   late   late   late   late   late   late   closed withdr
start         draft  early  early  early  REVI   REVI   late   late   late   late   late   late   late   closed withdr
transfer      draft  early  early  early  TRAN   now    TRAN   now    late   late   late   late   late   closed withdr
request-info  draft  early  early  early  early  early  INFO   now    late   late   late   late   late   closed withdr
provide-info  draft  early  early  early  early  early  now    REVI   late   late   late   late   late   closed withdr
lapse-info    draft  early  early  early  early  early  now    REVI   late   late   late   late   late   closed withdr
extend        draft  early  early  early  early  early  REVI   now    late   late   late   late   late   closed withdr
decide        draft  early  early  early  early  early  ACCE   now    late   late   late   late   late   closed withdr
join          draft  early  early  early  ACCE   now    ACCE   now    late   late   late   late   late   closed withdr
correct       draft  early  early  early  early  early  early  early  CORR   CORR   now    late   late   closed withdr
propagate     draft  early  early  early  early  early  early  early  early  early  early  PROP   late   closed withdr
acknowledge   draft  early  early  early  early  early  early  early  early  early  early  early  PROP   CLOS   withdr
verify        draft  early  early  early  early  early  early  early  early  early  early  CORR   PROP   CLOS   withdr
close         draft  early  early  nosplt now    nosplt now    now    now    now    CLOS   now    CLOS   closed withdr
withdraw      draft  WITH   WITH   WITH   WITH   WITH   WITH   WITH   decid  decid  decid  decid  decid  closed withdr
reopen        draft  early  early  early  early  early  early  early  now    now    REOP   now    now    REOP   withdr
tick          draft  SUBM   TRAN   ROUT   RECE   REOP   REVI   INFO   ACCE   PART   REJE   CORR   PROP   CLOS   withdr
succeed       draft  SUBM   TRAN   ROUT   RECE   REOP   REVI   INFO   ACCE   PART   REJE   CORR   PROP   CLOS   withdr
link          draft  SUBM   TRAN   ROUT   RECE   REOP   REVI   INFO   late   late   late   late   late   closed withdr
`;
const MEANS: Readonly<Record<string, string>> = {
  SUBM: 'SUBMITTED',
  TRAN: 'TRANSFERRED',
  ROUT: 'ROUTED',
  RECE: 'RECEIVED',
  REOP: 'REOPENED',
  REVI: 'IN_REVIEW',
  INFO: 'NEEDS_INFO',
  ACCE: 'ACCEPTED',
  PART: 'PARTIALLY_ACCEPTED',
  REJE: 'REJECTED',
  CORR: 'CORRECTED',
  PROP: 'PROPAGATING',
  CLOS: 'CLOSED',
  WITH: 'WITHDRAWN',
  draft: 'not-submitted',
  early: 'too-early',
  late: 'too-late',
  now: 'not-now',
  closed: 'case-closed',
  withdr: 'case-withdrawn',
  decid: 'decided-already',
  nosplt: 'not-split',
};
const rows = EXPECTED.trim()
  .split('\n')
  .map((row) => row.split(/\s+/))
  .map(([event = '', ...cells]) => ({ event: event as CaseEventType, cells }));
const pairs = rows.flatMap(({ event, cells }) =>
  CASE_STATES.map((state, place) => ({ state, event, becomes: MEANS[cells[place] ?? ''] })),
);

/** Ends of terms come when the term has passed. */
const waits = (state: CaseState, event: CaseEventType) =>
  event === 'lapse-info' || (event === 'close' && (state === 'REJECTED' || state === 'PROPAGATING'));

describe('what becomes of each event in each state', () => {
  it('is expected for all of them', () => {
    expect(rows.map(({ event }) => event)).toEqual(EVENT_TYPES);
    expect(COLUMNS.split(' ').map((column) => CASE_STATES.find((state) => state.startsWith(column)))).toEqual([
      ...CASE_STATES,
    ]);
    expect(rows.every(({ cells }) => cells.length === CASE_STATES.length)).toBe(true);
  });

  it.each(pairs)('$event in $state: $becomes', ({ state, event, becomes }) => {
    const walk = walkTo(state);
    expect(walk.record.state).toBe(state);
    if (waits(state, event)) walk.later(TERM_MS);
    const result = advance(walk.record, sample(event, walk.record), walk.atMs);
    expect(result.ok ? result.value.record.state : result.reason.code).toBe(becomes);
  });

  it('agrees with the table that the documentation shows', () => {
    for (const { state, event, becomes = '' } of pairs) {
      const cell = cellOf(state, event);
      if ('refused' in cell) expect(cell.refused).toBe(becomes);
      else if (becomes !== 'not-split') expect(cell.to).toContain(becomes);
    }
  });

  it('leaves an ended case by reopening it and in no other way', () => {
    const leaving = EVENT_TYPES.filter((event) =>
      (['REJECTED', 'CLOSED', 'WITHDRAWN'] as const).some((state) =>
        TRANSITIONS[event].from[state]?.some((to) => to !== state),
      ),
    );
    expect(leaving.sort()).toEqual(['close', 'reopen', 'verify']);
    expect(TRANSITIONS.close.from.REJECTED).toEqual(['CLOSED']);
    expect(TRANSITIONS.verify.from.CLOSED).toEqual(['CLOSED', 'REOPENED']);
  });
});
