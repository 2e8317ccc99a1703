import { readFileSync } from 'node:fs';
import { memberDocumentsOf, openApiOperations, parseInstanceDefinition } from '#snapshot';

const folder = new URL('../', import.meta.url);
const definition = parseInstanceDefinition(readFileSync(new URL('instance.yaml', folder), 'utf8'));

const openapi = (path: string) => {
  const read = openApiOperations(readFileSync(new URL(path, folder), 'utf8'));
  return read.ok ? read.value : undefined;
};
const key = {
  kid: 'k'.repeat(43),
  use: 'sign' as const,
  jwk: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: 'x' },
  from: '2026-01-01T00:00:00Z',
  until: '2036-01-01T00:00:00Z',
};

describe('instance.yaml of the sandbox', () => {
  it('is a definition without a problem', () => {
    expect(definition.ok ? [] : definition.reason).toEqual([]);
  });

  it('makes member documents: every agreement names endpoints that the OpenAPI documents have', () => {
    if (!definition.ok) {
      expect(definition.reason).toEqual([]);
      return;
    }
    const documents = memberDocumentsOf(definition.value, { keysOf: () => [key], openapi });
    expect(documents.ok ? documents.value.map((document) => document.member) : documents.reason).toEqual([
      'DEMO/GOV/1000',
      'DEMO/GOV/1001',
      'DEMO/GOV/1002',
      'DEMO/GOV/1003',
      'DEMO/GOV/1008',
      'DEMO/GOV/1009',
      'DEMO/COM/2001',
      'DEMO/COM/2002',
    ]);
  });

  it('says where elements stand, by marks and by mapping, also where another agency owns them', () => {
    const documents = definition.ok
      ? memberDocumentsOf(definition.value, { keysOf: () => [key], openapi })
      : { ok: false as const };
    const services = (documents.ok ? documents.value : []).flatMap(({ subsystems }) =>
      subsystems.flatMap((subsystem) => subsystem.services),
    );
    const places = services.flatMap(({ code, endpoints }) =>
      endpoints.flatMap(({ endpoint, elements = [] }) =>
        elements.map(({ pointer, element }) => `${code} ${endpoint} ${pointer} ${element}`),
      ),
    );
    expect(places).toEqual([
      'persons GET /{pin} /birthDate person.birth-date',
      'persons GET /{pin} /birthPlace person.birth-place',
      'persons GET /{pin} /familyName person.family-name',
      'persons GET /{pin} /givenName person.given-name',
      'persons GET /{pin}/address  person.address',
      'properties GET / /properties/*/address property.address',
      'properties GET / /properties/*/areaM2 property.area',
      'properties GET / /properties/*/ownerResidence person.address',
      'properties GET /{id} /address property.address',
      'properties GET /{id} /areaM2 property.area',
      'properties GET /{id} /ownerResidence person.address',
      'entitlements GET /{pin} /birthDate person.birth-date',
      'entitlements GET /{pin} /entitlements/*/monthlyAmount entitlement.monthly-amount',
      'entitlements GET /{pin} /entitlements/*/until entitlement.until',
    ]);
  });

  it('has purposes and elements in the five languages of the users', () => {
    if (!definition.ok) {
      expect(definition.reason).toEqual([]);
      return;
    }
    for (const { title } of [...definition.value.purposes, ...definition.value.elements])
      expect(Object.keys(title).sort()).toEqual(['az', 'en', 'kk', 'ky', 'ru']);
  });

  it('lets clinic and legal call as plain X-Road clients: one purpose each', () => {
    if (!definition.ok) {
      expect(definition.reason).toEqual([]);
      return;
    }
    const agreements = definition.value.members.flatMap((member) => member.subsystems).flatMap((s) => s.agreements);
    for (const consumer of ['COM/2001/clinic', 'COM/2002/legal'])
      expect(agreements.filter((a) => a.consumer === consumer).map((a) => a.purposes.length)).toEqual([1]);
  });
});
