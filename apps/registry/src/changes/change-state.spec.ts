import { describe, expect, it } from '@jest/globals';
import { afterAct, CHANGE_STATES, OPEN_STATES, type ChangeAct } from './change-state.js';

const ACTS: readonly ChangeAct[] = ['approve', 'reject', 'withdraw', 'apply', 'take-effect', 'supersede'];

describe('where a request can go', () => {
  it('is this and nothing else', () => {
    const table = CHANGE_STATES.map((state) => [state, ACTS.map((act) => afterAct(state, act) ?? '-').join(' ')]);
    expect(Object.fromEntries(table)).toEqual({
      REQUESTED: 'APPROVED REJECTED WITHDRAWN - - SUPERSEDED',
      APPROVED: '- REJECTED WITHDRAWN APPLYING - SUPERSEDED',
      APPLYING: '- - - - EFFECTIVE -',
      EFFECTIVE: '- - - - - -',
      REJECTED: '- - - - - -',
      WITHDRAWN: '- - - - - -',
      SUPERSEDED: '- - - - - -',
    });
  });

  it('ends where nothing can be done any more', () => {
    const open = CHANGE_STATES.filter((state) => ACTS.some((act) => afterAct(state, act) !== undefined));
    expect(open).toEqual(OPEN_STATES);
  });
});
