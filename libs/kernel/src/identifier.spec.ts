import { describe, expect, it } from '@jest/globals';
import {
  memberOf,
  parseServiceId,
  parseSubsystemId,
  registerInstanceId,
  registerServiceId,
  registerSubsystemId,
  serviceCodeOf,
  subsystemOf,
  type ServiceId,
} from './identifier.js';

describe('identifiers (exchange.md §4)', () => {
  it.each([
    ['DEMO/GOV/1001/population', true],
    ["DEMO/GOV/1001/a'(b)+,c-d.e=f?", true],
    ['DEMO/GOV/1001/under_score', false],
    ['DEMO/GOV/1001/with space', false],
    ['DEMO/GOV/1001/ünï', false],
    ['DEMO/GOV/1001/', false],
    ['DEMO/GOV/1001', false],
    ['DEMO/GOV/1001/population/persons', false],
    [`DEMO/GOV/1001/${'x'.repeat(256)}`, false],
    [`DEMO/GOV/1001/${'x'.repeat(255)}`, true],
  ])('registers the strict set only: %s', (text, accepted) => {
    expect(registerSubsystemId(text).ok).toBe(accepted);
  });

  it.each([
    ['EE/GOV/00000001_1/sys', true],
    ['EE/GOV/1/with space', true],
    ['EE/GOV/1/a:b', false],
    ['EE/GOV/1/a;b', false],
    ['EE/GOV/1/a\\b', false],
    ['EE/GOV/1/a%b', false],
    ['EE/GOV/1/a\u0000b', false],
    ['EE/GOV/1/a\u200bb', false],
    ['EE/GOV/1/a\ufeffb', false],
  ])('reads the relaxed set: %j', (text, accepted) => {
    expect(parseSubsystemId(text).ok).toBe(accepted);
  });

  it('reserves metaservice codes and our own first path segments when registering, not when reading', () => {
    expect(registerServiceId('EE/GOV/1/s/listMethods')).toEqual({ ok: false, reason: 'identifier-reserved' });
    expect(registerSubsystemId('EE/GOV/1/r1')).toEqual({ ok: false, reason: 'identifier-reserved' });
    expect(parseServiceId('EE/GOV/1/s/listMethods').ok).toBe(true);
  });

  it('keeps an instance of ours apart from members by the number of parts', () => {
    expect(registerInstanceId('DEMO/audit1').ok).toBe(true);
    expect(registerInstanceId('DEMO/GOV/1001').ok).toBe(false);
  });

  it('takes identifiers apart', () => {
    const service = 'DEMO/GOV/1001/population/persons' as ServiceId;
    expect(subsystemOf(service)).toBe('DEMO/GOV/1001/population');
    expect(memberOf(service)).toBe('DEMO/GOV/1001');
    expect(serviceCodeOf(service)).toBe('persons');
  });
});
