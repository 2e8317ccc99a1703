import { describe, expect, it } from '@jest/globals';
import { parseInstanceDefinition, type Problem } from './instance-definition.js';

const GOOD = `
instance: DEMO
purposes:
  - { code: citizen-view, title: { en: View }, legalBasis: LB-1 }
legalBases:
  - { code: LB-1, title: { en: Law }, reference: "Law 1" }
issuers:
  - issuer: https://id.example
    title: { en: Sign-in }
    keys: [{ kid: k1, alg: EdDSA, kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }]
    people: [{ kind: citizen, subject: { country: DEMO, type: PIN }, represents: represents }]
members:
  - id: GOV/1000
    name: { en: Portal }
    subsystems: [{ code: mygov }]
  - id: GOV/1001
    name: { en: Register }
    subsystems:
      - code: population
        services:
          - { code: persons, openapi: persons.yaml, timeoutMs: 5000, subject: { type: PIN, country: DEMO, from: { path: pin } } }
        agreements:
          - { consumer: GOV/1000/mygov, service: persons, endpoints: ["GET /{pin}"], purposes: [citizen-view], endUser: { "GET /{pin}": subject }, until: 2036-12-31 }
elements:
  - { id: person.birth, owner: GOV/1001/population, title: { en: Birth } }
  - { id: person.phone, owner: GOV/1000/mygov, title: { en: Telephone }, selfDeclared: true }
elementPlaces:
  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /birth, element: person.birth }
instances:
  - { id: gw1, kind: gateway, runBy: GOV/1000, serves: [GOV/1000/mygov] }
`;

function problemsOf(text: string): readonly Problem[] {
  const parsed = parseInstanceDefinition(text);
  return parsed.ok ? [] : parsed.reason;
}

describe('instance.yaml', () => {
  it('is read with its defaults', () => {
    const parsed = parseInstanceDefinition(GOOD);
    expect(parsed.ok && parsed.value.members[1]?.subsystems[0]?.services[0]).toMatchObject({
      personalData: true,
      endpoints: [],
      timeoutMs: 5000,
    });
  });

  it.each([
    ['a bad member identifier', 'id: GOV/1001', 'id: GOV_1001', 'definition-invalid', 'members[1].id'],
    [
      'an unknown consumer',
      'consumer: GOV/1000/mygov',
      'consumer: GOV/1000/nobody',
      'definition-dangling',
      'members[1].subsystems[0].agreements[0].consumer',
    ],
    [
      'an unknown purpose',
      'purposes: [citizen-view]',
      'purposes: [curiosity]',
      'definition-dangling',
      'members[1].subsystems[0].agreements[0].purposes[0]',
    ],
    [
      'an unknown service',
      'service: persons',
      'service: houses',
      'definition-dangling',
      'members[1].subsystems[0].agreements[0].service',
    ],
    [
      'a contract without its document',
      'openapi: persons.yaml',
      'endpoints: [{ endpoint: "GET /{pin}" }], contract: { requests: enforce }',
      'definition-invalid',
      'members[1].subsystems[0].services[0].contract',
    ],
    ['an unknown legal basis', 'legalBasis: LB-1', 'legalBasis: LB-2', 'definition-dangling', 'purposes[0].legalBasis'],
    ['an unknown operator', 'runBy: GOV/1000', 'runBy: GOV/9999', 'definition-dangling', 'instances[0].runBy'],
    [
      'an instance that serves nobody known',
      'serves: [GOV/1000/mygov]',
      'serves: [GOV/1000/other]',
      'definition-dangling',
      'instances[0].serves[0]',
    ],
    [
      'a suspension of nobody known',
      'instances:',
      'suspensions: [{ of: GOV/9999, reason: audit }]\ninstances:',
      'definition-dangling',
      'suspensions[0].of',
    ],
    [
      'a suspended endpoint of no service',
      'instances:',
      'suspensions: [{ of: GOV/1001, endpoint: "GET /{pin}", reason: audit }]\ninstances:',
      'definition-invalid',
      'suspensions[0].endpoint',
    ],
    [
      'an officer by the word of nobody registered',
      'instances:',
      'officers: [{ person: DEMO/OFFICIAL/A, issuer: https://other.example, role: operator }]\ninstances:',
      'definition-dangling',
      'officers[0].issuer',
    ],
    [
      'an administrator of no member',
      'instances:',
      'officers: [{ person: DEMO/OFFICIAL/A, issuer: https://id.example, role: member-administrator, of: GOV/9999 }]\ninstances:',
      'definition-dangling',
      'officers[0].of',
    ],
    [
      'a provider of a whole member',
      'instances:',
      'officers: [{ person: DEMO/OFFICIAL/A, issuer: https://id.example, role: provider, of: GOV/1001 }]\ninstances:',
      'definition-invalid',
      'officers[0].of',
    ],
    [
      'an operator of one member',
      'instances:',
      'officers: [{ person: DEMO/OFFICIAL/A, issuer: https://id.example, role: operator, of: GOV/1001 }]\ninstances:',
      'definition-invalid',
      'officers[0].of',
    ],
    [
      'an officer who is no person',
      'instances:',
      'officers: [{ person: A, issuer: https://id.example, role: operator }]\ninstances:',
      'definition-invalid',
      'officers[0].person',
    ],
    [
      'hours that end before they begin',
      'until: 2036-12-31',
      'hours: { days: [1], from: "18:00", until: "09:00", timeZone: Asia/Baku }, until: 2036-12-31',
      'definition-invalid',
      'members[1].subsystems[0].agreements[0].hours.until',
    ],
    [
      'hours of no time zone',
      'until: 2036-12-31',
      'hours: { days: [1], from: "09:00", until: "18:00", timeZone: Baku }, until: 2036-12-31',
      'definition-invalid',
      'members[1].subsystems[0].agreements[0].hours.timeZone',
    ],
    [
      'a date that the calendar lacks',
      'until: 2036-12-31',
      'until: 2036-13-31',
      'definition-invalid',
      'members[1].subsystems[0].agreements[0].until',
    ],
    [
      'an unknown field',
      'timeoutMs: 5000',
      'timeout: 5000',
      'definition-invalid',
      'members[1].subsystems[0].services[0]',
    ],
    [
      'an end user at an endpoint that is not agreed',
      '{ "GET /{pin}": subject',
      '{ "GET /": subject',
      'definition-dangling',
      'members[1].subsystems[0].agreements[0].endUser.GET /',
    ],
    [
      'an unknown kind of end user',
      '"GET /{pin}": subject',
      '"GET /{pin}": cat',
      'definition-invalid',
      'members[1].subsystems[0].agreements[0].endUser.GET /{pin}',
    ],
    ['an issuer in the clear', 'https://id', 'http://id', 'definition-invalid', 'issuers[0].issuer'],
    ['an issuer with a shared secret', 'alg: EdDSA', 'alg: HS256', 'definition-invalid', 'issuers[0].keys[0].alg'],
    ['a key for another algorithm', 'alg: EdDSA', 'alg: ES256', 'definition-invalid', 'issuers[0].keys[0]'],
    ['a private key of an issuer', 'kty: OKP', 'd: AAAA, kty: OKP', 'definition-invalid', 'issuers[0].keys[0]'],
    ['an issuer of nobody', 'kind: citizen', 'kind: dog', 'definition-invalid', 'issuers[0].people[0].kind'],
    ['an element twice', '- { id: person.phone', '- { id: person.birth', 'definition-duplicate', 'elements[1].id'],
    [
      'an element of nobody',
      'owner: GOV/1000/mygov',
      'owner: GOV/1000/none',
      'definition-dangling',
      'elements[1].owner',
    ],
    [
      'an element owned by a member',
      'owner: GOV/1000/mygov',
      'owner: GOV/1000',
      'definition-invalid',
      'elements[1].owner',
    ],
    [
      'a place of no element',
      'element: person.birth',
      'element: person.death',
      'definition-dangling',
      'elementPlaces[0].element',
    ],
    [
      'a place in no service',
      'service: GOV/1001/population/persons',
      'service: GOV/1001/population/houses',
      'definition-dangling',
      'elementPlaces[0].service',
    ],
    [
      'a place that is no pointer',
      'pointer: /birth',
      'pointer: birth',
      'definition-invalid',
      'elementPlaces[0].pointer',
    ],
    ['a pointer badly escaped', 'pointer: /birth', 'pointer: /b~2', 'definition-invalid', 'elementPlaces[0].pointer'],
    ['a member twice', 'id: GOV/1001', 'id: GOV/1000', 'definition-duplicate', 'members[1].id'],
  ])('refuses %s, with its place', (_what, from, to, code, path) => {
    const text = GOOD.replace(from, to);
    expect(text).not.toBe(GOOD);
    const [problem] = problemsOf(text);
    expect(problem).toMatchObject({ code, path, line: text.slice(0, GOOD.indexOf(from)).split('\n').length });
    expect(problem?.column).toBeGreaterThan(1);
  });

  it('names line and column of a syntax error', () => {
    const [problem] = problemsOf('instance: DEMO\nmembers: [ {');
    expect(problem).toMatchObject({ code: 'yaml-syntax', line: 2 });
  });

  it('refuses a key that stands twice, and aliases', () => {
    expect(problemsOf('instance: A\ninstance: B')[0]).toMatchObject({ code: 'yaml-syntax', line: 2 });
    expect(problemsOf('instance: &a DEMO\nmembers: *a').length).toBeGreaterThan(0);
  });

  it('never throws on what is no definition', () => {
    for (const text of ['', '[]', '1', '"x"', ': :', '\u0000', '- - -', '{{}}', 'a: *b'])
      expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});
