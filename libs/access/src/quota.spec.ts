import { describe, expect, it } from '@jest/globals';
import type { ServiceId, SubsystemId } from '#kernel';
import { agreementKey, quotaPeriods } from './quota.js';

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

describe('quotaPeriods', () => {
  it('is none where nothing is limited', () => {
    expect(quotaPeriods(undefined, 0)).toEqual([]);
  });

  it('is the day and the month, by UTC where no time zone is named', () => {
    const quota = { day: 10, month: 100 };
    expect(quotaPeriods(quota, at('2026-12-31T23:59:59.999Z'))).toEqual([
      { kind: 'day', name: '2026-12-31', limit: 10, endsAtMs: at('2027-01-01T00:00:00Z') },
      { kind: 'month', name: '2026-12', limit: 100, endsAtMs: at('2027-01-01T00:00:00Z') },
    ]);
    expect(quotaPeriods(quota, at('2027-01-01T00:00:00Z')).map(({ name }) => name)).toEqual(['2027-01-01', '2027-01']);
    // What was remembered of a later day says nothing about an earlier one.
    expect(quotaPeriods(quota, at('2026-12-31T12:00:00Z')).map(({ name }) => name)).toEqual(['2026-12-31', '2026-12']);
  });

  it('follows the calendar of the time zone, also over days of 23 and 25 hours', () => {
    const baku = { day: 10, timeZone: 'Asia/Baku' };
    expect(quotaPeriods(baku, at('2026-11-28T20:00:00Z'))[0]).toMatchObject({ name: '2026-11-29' });
    const helsinki = { day: 10, timeZone: 'Europe/Helsinki' };
    const [short] = quotaPeriods(helsinki, at('2026-03-28T22:00:00Z'));
    expect([short?.name, iso(short?.endsAtMs)]).toEqual(['2026-03-29', '2026-03-29T21:00:00.000Z']);
    const [long] = quotaPeriods(helsinki, at('2026-10-24T21:00:00Z'));
    expect([long?.name, iso(long?.endsAtMs)]).toEqual(['2026-10-25', '2026-10-25T22:00:00.000Z']);
  });
});

describe('agreementKey', () => {
  const consumer = 'TEST/GOV/1000/mygov' as SubsystemId;
  const service = 'TEST/GOV/1001/population/persons' as ServiceId;
  const right = { endpoints: ['GET /a', 'GET /b'], purposes: ['p', 'q'] };

  it('is of what the agreement is a right to, in whatever order it says so', () => {
    const turned = { endpoints: ['GET /b', 'GET /a'], purposes: ['q', 'p'], until: '2099-01-01', quota: { day: 1 } };
    expect(agreementKey(consumer, service, turned)).toBe(agreementKey(consumer, service, right));
    expect(agreementKey(consumer, service, { ...right, purposes: ['p'] })).not.toBe(
      agreementKey(consumer, service, right),
    );
  });
});
