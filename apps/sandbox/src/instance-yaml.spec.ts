import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { memberDocumentsOf, parseInstanceDefinition } from '#snapshot';
import { z } from 'zod';

const folder = new URL('../', import.meta.url);
const definition = parseInstanceDefinition(readFileSync(new URL('instance.yaml', folder), 'utf8'));
const paths = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

const openapi = (path: string) => {
  const document = paths.parse(parse(readFileSync(new URL(path, folder), 'utf8')));
  const endpoints = Object.entries(document.paths).flatMap(([pattern, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${pattern}`),
  );
  return { digest: '0'.repeat(64), endpoints };
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

  it('has purposes in the five languages of the users', () => {
    if (!definition.ok) {
      expect(definition.reason).toEqual([]);
      return;
    }
    for (const purpose of definition.value.purposes)
      expect(Object.keys(purpose.title).sort()).toEqual(['az', 'en', 'kk', 'ky', 'ru']);
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
