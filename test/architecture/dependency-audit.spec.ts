import { expect, it } from '@jest/globals';
import { judgeAudit, type AuditException } from './dependency-audit.js';

const TODAY = '2026-11-28';
const advisory = (severity: string) => ({
  source: 1,
  url: 'https://github.com/advisories/GHSA-aaaa',
  title: 'Bad',
  severity,
});
const report = {
  vulnerabilities: {
    worse: { severity: 'high', via: ['bad'] },
    bad: { severity: 'high', via: [advisory('high')] },
    small: { severity: 'low', via: [advisory('low')] },
  },
};
const exception: AuditException = { advisory: 'GHSA-aaaa', package: 'bad', reason: 'not reached', until: TODAY };

it('names what is grave, and nothing less', () => {
  const { problems, notes } = judgeAudit(report, [], TODAY);
  expect(problems).toEqual(['bad: high, GHSA-aaaa, Bad']);
  expect(notes).toEqual(['2 advisories, 1 of them grave']);
});

it('puts up with what is excused, until its day is over', () => {
  expect(judgeAudit(report, [exception], TODAY).problems).toEqual([]);
  expect(judgeAudit(report, [exception], '2026-11-29').problems).toEqual([
    'the exception for GHSA-aaaa has no reason or is over since 2026-11-28',
  ]);
  expect(judgeAudit(report, [{ ...exception, reason: '' }], TODAY).problems).toHaveLength(1);
  expect(judgeAudit(report, [{ ...exception, package: 'other' }], TODAY).problems).toHaveLength(1);
});

it('says which exceptions nobody needs', () => {
  expect(judgeAudit({ vulnerabilities: {} }, [exception], TODAY)).toEqual({
    problems: [],
    notes: ['0 advisories, 0 of them grave', 'nothing needs the exception for GHSA-aaaa bad any more'],
  });
});

it.each([undefined, null, '', { error: { code: 'ENOAUDIT' } }, { message: 'no' }])(
  'says loudly that it knows nothing where there is no report: %j',
  (nothing) => {
    const { problems, notes } = judgeAudit(nothing, [exception], TODAY);
    expect([problems, notes.join()]).toEqual([[], expect.stringContaining('NOT AUDITED')]);
    expect(judgeAudit(nothing, [exception], '2027-01-01').problems).toHaveLength(1);
  },
);
