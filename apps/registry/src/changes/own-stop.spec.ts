import { describe, expect, it } from '@jest/globals';
import type { Change } from '../definition/differences.js';
import { isOnlyStop } from './own-stop.js';

const agreement = (more = {}) => ({ consumer: 'GOV/1000/mygov', service: 'persons', purposes: ['view'], ...more });
const service = (more = {}) => ({ code: 'persons', timeoutMs: 5000, ...more });
const member = (agreements: object[], services: object[] = [service()], name = 'Register') => ({
  id: 'GOV/1001',
  name: { en: name },
  subsystems: [{ code: 'population', services, agreements }],
});
const entry = (was: object, now: object) => [{ list: 'members' as const, was: { ...was }, now: { ...now } }];
const change = (kind: Change['kind'], detail: string, op: Change['op'] = 'change'): Change => ({
  ...{ op, kind, id: 'DEMO/GOV/1000/mygov → DEMO/GOV/1001/population/persons' },
  detail,
});
const stopped = change('agreement', 'stopped');
const notice = { stopped: 'under investigation' };

describe('a request that only stops', () => {
  const going = member([agreement()]);

  it('gives an agreement, a service or both a notice that they did not have', () => {
    expect(isOnlyStop([stopped], entry(going, member([agreement(notice)])))).toBe(true);
    const off = [service({ disabled: 'moving house' })];
    expect(isOnlyStop([change('service', 'disabled')], entry(going, member([agreement()], off)))).toBe(true);
    expect(isOnlyStop([stopped, change('service', 'disabled')], entry(going, member([agreement(notice)], off)))).toBe(
      true,
    );
  });

  it.each([
    ['takes a notice away', [stopped], entry(member([agreement(notice)]), going)],
    ['changes a notice', [stopped], entry(member([agreement(notice)]), member([agreement({ stopped: 'other' })]))],
    ['grants something beside', [stopped], entry(going, member([agreement({ ...notice, purposes: ['view', 'tax'] })]))],
    ['renames the member beside', [stopped], entry(going, member([agreement(notice)], [service()], 'Other'))],
    ['grants another one beside', [stopped], entry(going, member([agreement(notice), agreement()]))],
    ['also changes a key', [stopped, change('key', 'until')], entry(going, member([agreement(notice)]))],
    ['is said to change more', [change('agreement', 'purposes, stopped')], entry(going, member([agreement(notice)]))],
    ['adds an agreement', [change('agreement', '', 'add')], entry(going, member([agreement(notice)]))],
    ['does nothing', [], entry(going, going)],
    ['has a document only', [stopped], []],
    ['makes a member', [stopped], [{ list: 'members' as const, now: member([agreement(notice)]) }]],
    ['stops by the operator’s list', [stopped], [{ list: 'suspensions' as const, was: going, now: going }]],
  ])('%s: then it needs two', (_, changes, patch) => {
    expect(isOnlyStop(changes, patch)).toBe(false);
  });
});
