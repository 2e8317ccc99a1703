import { describe, expect, it } from '@jest/globals';
import {
  CASE_STATES,
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_ACTIONS,
  RECIPIENT_REASONS,
  REOPENING_REASONS,
  TERM_NAMES,
  TRANSFER_REASONS,
} from '#signing';
import { caseFieldsAgree } from './case-fields.js';

const STEP = { t: 'correction.routed', seq: 2, was: 'SUBMITTED', now: 'ROUTED', why: undefined, doc: undefined };
const agree = (fields: object) => caseFieldsAgree({ ...STEP, ...fields });
const LISTS = [
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_REASONS,
  REOPENING_REASONS,
  TERM_NAMES,
  TRANSFER_REASONS,
];

describe('the words of a case, as its verifier knows them', () => {
  it.each<[string, readonly string[]]>([
    ['transferred', TRANSFER_REASONS],
    ['info-requested', QUESTION_CODES],
    ['extended', EXTENSION_REASONS],
    ['decided', DECISION_REASONS],
    ['joined', DECISION_REASONS],
    ['reopened', REOPENING_REASONS],
    ['deadline-near', TERM_NAMES],
    ['deadline-missed', TERM_NAMES],
    ['escalated', TERM_NAMES],
    ['routed', []],
  ])('are the reasons of %s that its writer may give, and no others', (name, reasons) => {
    for (const why of LISTS.flat())
      expect([why, agree({ t: `correction.${name}`, why })]).toEqual([why, reasons.includes(why)]);
  });

  it('are all states, and what recipients do', () => {
    for (const state of CASE_STATES) expect(agree({ was: state, now: state })).toBe(true);
    for (const now of RECIPIENT_ACTIONS) {
      expect(agree({ now })).toBe(false);
      const acked = { t: 'correction.recipient-acked', now };
      expect(agree(acked)).toBe(now !== 'REFUSED');
      for (const why of RECIPIENT_REASONS) expect(agree({ ...acked, why })).toBe(now === 'REFUSED');
    }
  });
});
