import fc from 'fast-check';
import type { ServiceId, SubsystemId } from '#kernel';
import { allowedEndpoints, decide, type AccessQuestion, type AccessReason } from './decide.js';
import type { AccessAgreement, AccessService, AccessView } from './view.js';

const consumer = 'DEMO/GOV/1000/mygov' as SubsystemId;
const service = 'DEMO/GOV/1001/population/persons' as ServiceId;
const NOW = Date.parse('2026-11-22T12:00:00Z');
const GET = 'GET /{pin}';

const persons: AccessService = { personalData: true, endpoints: [{ endpoint: GET }, { endpoint: 'POST /match' }] };
const agreement: AccessAgreement = { endpoints: [GET], purposes: ['treatment'], until: '2036-12-31T00:00:00Z' };

function viewOf(
  agreements: readonly AccessAgreement[],
  entry: AccessService | undefined = persons,
  suspended = '',
): AccessView {
  const known = new Set<string>([consumer, 'DEMO/GOV/1001/population']);
  return {
    subsystem: (id) => (known.has(id) ? {} : undefined),
    service: (id) => (id === service ? entry : undefined),
    isSuspended: (id, endpoint) => suspended === (endpoint === undefined ? id : `${id} ${endpoint}`),
    agreements: (from, to) => (from === consumer && to === service ? agreements : []),
    purposes: [
      { code: 'treatment', legalBasis: 'LB-1' },
      { code: 'legal-aid', legalBasis: 'LB-2' },
      { code: 'broken', legalBasis: 'LB-GONE' },
    ],
    legalBases: [{ code: 'LB-1' }, { code: 'LB-2' }],
  };
}

function ask(
  change: Partial<AccessQuestion> = {},
  agreements = [agreement],
  entry: AccessService | undefined = persons,
) {
  const result = decide(viewOf(agreements, entry), { consumer, service, endpoint: GET, atMs: NOW, ...change });
  return result.ok ? result.value : result.reason;
}

describe('decide', () => {
  it('permits what an agreement in force names, with purpose and legal basis implied', () => {
    const permit = { endpoint: GET, purpose: 'treatment', legalBasis: 'LB-1', agreements: [agreement] };
    expect(ask()).toEqual({ ...permit, endUser: [], requiresLink: false });
  });

  it('asks for the end users of every agreement that allows the call', () => {
    const asks = (endUser: AccessAgreement['endUser'], purposes = agreement.purposes) => ({
      ...agreement,
      purposes,
      endUser,
    });
    const permit = (...agreements: AccessAgreement[]) => ask({ purpose: 'treatment' }, agreements);
    expect(permit(asks({ [GET]: 'subject' }))).toMatchObject({ endUser: ['subject'] });
    expect(permit(agreement, asks({ [GET]: 'official' }))).toMatchObject({ endUser: ['official'] });
    expect(permit(agreement, asks({ [GET]: 'any' }, ['legal-aid']), asks({ 'POST /match': 'any' }))).toMatchObject({
      endUser: [],
    });
  });

  it('asks for a link where any agreement that allows the call does', () => {
    const asks = (purposes = agreement.purposes, endpoint = GET) => ({
      ...agreement,
      purposes,
      requiresLink: [endpoint],
    });
    const permit = (...agreements: AccessAgreement[]) => ask({ purpose: 'treatment' }, agreements);
    expect(permit(agreement, asks())).toMatchObject({ requiresLink: true });
    expect(permit(agreement, asks(['legal-aid']), asks(undefined, 'POST /match'))).toMatchObject({
      requiresLink: false,
    });
  });

  it('permits what is stated in full', () => {
    expect(ask({ purpose: 'treatment', legalBasis: 'LB-1' })).toMatchObject({
      purpose: 'treatment',
      legalBasis: 'LB-1',
    });
  });

  it.each<[string, AccessReason, Partial<AccessQuestion>, AccessAgreement[]?, AccessService?]>([
    ['a consumer that is not registered', 'unknown-consumer', { consumer: 'DEMO/GOV/1/x' as SubsystemId }],
    ['a provider that is not registered', 'unknown-provider', { service: 'DEMO/GOV/1/x/y' as ServiceId }],
    ['a service that is not registered', 'unknown-service', { service: 'DEMO/GOV/1001/population/x' as ServiceId }],
    ['a service that is switched off', 'service-disabled', {}, [agreement], { ...persons, disabled: 'Maintenance' }],
    ['a path that matched nothing', 'endpoint-unknown', { endpoint: undefined }],
    [
      'an endpoint that is agreed but not registered',
      'endpoint-unknown',
      { endpoint: 'GET /x' },
      [{ ...agreement, endpoints: ['GET /x'] }],
    ],
    ['no agreement', 'agreement-missing', {}, []],
    [
      'an agreement that has not begun',
      'agreement-not-begun',
      {},
      [{ ...agreement, from: '2026-11-22T12:00:00.001Z' }],
    ],
    ['an agreement whose begin cannot be read', 'agreement-not-begun', {}, [{ ...agreement, from: 'soon' }]],
    ['an agreement that ends now', 'agreement-ended', {}, [{ ...agreement, until: '2026-11-22T12:00:00.000Z' }]],
    ['an agreement whose end cannot be read', 'agreement-ended', {}, [{ ...agreement, until: 'never' }]],
    ['an agreement that its provider has stopped', 'agreement-stopped', {}, [{ ...agreement, stopped: 'abuse' }]],
    ['another endpoint of the service', 'endpoint-not-agreed', { endpoint: 'POST /match' }],
    [
      'no purpose where two are agreed',
      'purpose-missing',
      {},
      [{ ...agreement, purposes: ['treatment', 'legal-aid'] }],
    ],
    [
      'no purpose where two agreements hold',
      'purpose-missing',
      {},
      [agreement, { ...agreement, purposes: ['legal-aid'] }],
    ],
    ['a purpose outside the catalogue', 'purpose-unknown', { purpose: 'curiosity' }],
    ['a purpose of the catalogue that is not agreed', 'purpose-not-agreed', { purpose: 'legal-aid' }],
    [
      'a purpose of an agreement that has ended',
      'purpose-not-agreed',
      { purpose: 'legal-aid' },
      [agreement, { ...agreement, purposes: ['legal-aid'], until: '2020-01-01T00:00:00Z' }],
    ],
    [
      'a purpose agreed for another endpoint',
      'purpose-not-agreed',
      { purpose: 'legal-aid' },
      [agreement, { ...agreement, purposes: ['legal-aid'], endpoints: ['POST /match'] }],
    ],
    ['a legal basis outside the catalogue', 'legal-basis-unknown', { legalBasis: 'LB-9' }],
    ['a purpose whose legal basis is gone', 'legal-basis-unknown', {}, [{ ...agreement, purposes: ['broken'] }]],
    ['the legal basis of another purpose', 'legal-basis-not-of-purpose', { legalBasis: 'LB-2' }],
  ])('denies %s', (_name, reason, change, ...rest) => {
    expect(ask(change, ...rest)).toBe(reason);
  });

  it.each<[string, AccessReason]>([
    [consumer, 'consumer-suspended'],
    ['DEMO/GOV/1000', 'consumer-suspended'],
    ['DEMO/GOV/1001/population', 'provider-suspended'],
    ['DEMO/GOV/1001', 'provider-suspended'],
    [service, 'service-suspended'],
    [`${service} ${GET}`, 'endpoint-suspended'],
  ])('denies while the operator has suspended %s', (suspended, reason) => {
    const question = { consumer, service, endpoint: GET, atMs: NOW };
    const result = decide(viewOf([agreement], persons, suspended), question);
    expect(result.ok ? 'permitted' : result.reason).toBe(reason);
    expect(allowedEndpoints(viewOf([agreement], persons, suspended), consumer, service, NOW)).toEqual([]);
  });

  it('leaves alone what is not suspended', () => {
    const view = viewOf([agreement], persons, `${service} POST /match`);
    expect(decide(view, { consumer, service, endpoint: GET, atMs: NOW }).ok).toBe(true);
  });

  it('permits the first instant of an agreement and the last before its end', () => {
    expect(ask({}, [{ ...agreement, from: '2026-11-22T12:00:00Z', until: '2026-11-22T12:00:00.001Z' }])).toMatchObject({
      endpoint: GET,
    });
  });

  it('finds the agreements that carry the purpose among several', () => {
    const other = { ...agreement, purposes: ['legal-aid'] };
    expect(ask({ purpose: 'legal-aid' }, [agreement, other])).toMatchObject({
      agreements: [other],
      legalBasis: 'LB-2',
    });
  });

  it('never permits without an agreement in force that names endpoint and purpose', () => {
    const day = fc.integer({ min: -3, max: 3 }).map((days) => new Date(NOW + days * 86_400_000).toISOString());
    const some = <T>(...values: T[]) => fc.subarray(values);
    const anyAgreement = fc.record({
      endpoints: some(GET, 'POST /match'),
      purposes: some('treatment', 'legal-aid'),
      from: day,
      until: day,
    });
    fc.assert(
      fc.property(
        fc.array(anyAgreement, { maxLength: 4 }),
        fc.constantFrom(undefined, 'treatment', 'legal-aid', 'x'),
        (agreements, purpose) => {
          const result = decide(viewOf(agreements), { consumer, service, endpoint: GET, atMs: NOW, purpose });
          const naming = agreements.filter(
            (a) => a.endpoints.includes(GET) && Date.parse(a.from) <= NOW && NOW < Date.parse(a.until),
          );
          const agreed = new Set(naming.flatMap((a) => a.purposes));
          const expected = purpose === undefined ? agreed.size === 1 : agreed.has(purpose);
          expect(result.ok).toBe(expected);
        },
      ),
    );
  });
});
