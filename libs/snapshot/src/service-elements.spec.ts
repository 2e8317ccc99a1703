import { describe, expect, it } from '@jest/globals';
import { instanceDefinition } from './definition-schema.js';
import { memberDocumentsOf } from './member-documents.js';
import { openApiOperations } from './openapi-operations.js';

const OPENAPI = `
openapi: 3.1.0
info: { title: Persons, version: '1' }
paths:
  /{pin}:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  birthDate: { type: string, x-data-element: birth }
                  visits: { type: array, items: { type: object, properties: { day: { type: string } } } }
`;
/** Keys that the schema does not name are dates of birth; `pin` is none. */
const BESIDE = OPENAPI.replace(
  /properties:\n.*\n.*visits.*/,
  'properties: { pin: { type: string } }\n                additionalProperties: { type: string, x-data-element: birth }',
);
const KEY = {
  kid: 'k'.repeat(43),
  use: 'sign' as const,
  jwk: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: 'x' },
  from: '2026-01-01T00:00:00Z',
  until: '2036-01-01T00:00:00Z',
};

interface Place {
  readonly service: string;
  readonly endpoint: string;
  readonly pointer: string;
  readonly element: string;
}
const DAY: Place = { service: 'GOV/1/s/v', endpoint: 'GET /{pin}', pointer: '/visits/*/day', element: 'day' };

const DESCRIBED = { code: 'v', openapi: 'v.yaml' };

function documentsOf(elementPlaces: readonly Place[], openapi = OPENAPI, service: object = DESCRIBED) {
  const definition = instanceDefinition.parse({
    instance: 'D',
    members: [{ id: 'GOV/1', name: { en: 'One' }, subsystems: [{ code: 's', services: [service] }] }],
    elements: ['birth', 'day'].map((id) => ({ id, owner: 'GOV/1/s', title: { en: id } })),
    elementPlaces,
  });
  return memberDocumentsOf(definition, {
    keysOf: () => [KEY],
    openapi: () => {
      const read = openApiOperations(openapi);
      return read.ok ? read.value : undefined;
    },
  });
}

const endpointsIn = (documents: ReturnType<typeof documentsOf>) =>
  documents.ok ? documents.value[0]?.subsystems[0]?.services[0]?.endpoints : documents.reason;

describe('elements in a member’s document', () => {
  it('are those that the OpenAPI document marks and the definition maps, sorted', () => {
    expect(endpointsIn(documentsOf([DAY]))).toEqual([
      {
        endpoint: 'GET /{pin}',
        elements: [
          { pointer: '/birthDate', element: 'birth' },
          { pointer: '/visits/*/day', element: 'day' },
        ],
      },
    ]);
  });

  it('may be said twice alike', () => {
    const again = { ...DAY, pointer: '/birthDate', element: 'birth' };
    expect(endpointsIn(documentsOf([again, again]))).toMatchObject([{ elements: [{ pointer: '/birthDate' }] }]);
  });

  it('change nothing where there are none: documents that were signed before stay as they are', () => {
    const bare = OPENAPI.replace(', x-data-element: birth', '');
    expect(endpointsIn(documentsOf([], bare))).toEqual([{ endpoint: 'GET /{pin}' }]);
  });

  it('are believed of a service that has no OpenAPI document to look them up in', () => {
    const plain = { code: 'v', endpoints: [{ endpoint: 'GET /{pin}' }] };
    const anywhere = { ...DAY, pointer: '/anything/*' };
    expect(endpointsIn(documentsOf([anywhere], OPENAPI, plain))).toEqual([
      { endpoint: 'GET /{pin}', elements: [{ pointer: '/anything/*', element: 'day' }] },
    ]);
  });

  it('may stand for every other key, once what the schema names has an element of its own', () => {
    expect(endpointsIn(documentsOf([{ ...DAY, pointer: '/pin' }], BESIDE))).toMatchObject([
      {
        elements: [
          { pointer: '/*', element: 'birth' },
          { pointer: '/pin', element: 'day' },
        ],
      },
    ]);
  });

  it.each([
    ['endpoint-unknown', [{ ...DAY, endpoint: 'GET /' }], OPENAPI, ['elementPlaces', 0, 'endpoint']],
    ['element-pointer-unknown', [DAY, { ...DAY, pointer: '/visits/day' }], OPENAPI, ['elementPlaces', 1, 'pointer']],
    ['element-conflict', [{ ...DAY, pointer: '/birthDate' }], OPENAPI, ['elementPlaces', 0, 'element']],
    ['element-conflict', [DAY, { ...DAY, element: 'birth' }], OPENAPI, ['elementPlaces', 1, 'element']],
    ['element-unknown', [], OPENAPI.replace('element: birth', 'element: death'), undefined],
    ['element-unknown', [], OPENAPI.replace('element: birth', 'element: [birth]'), undefined],
    ['element-places', [], OPENAPI.replace('birthDate:', "'*':"), undefined],
    ['element-neighbour', [], BESIDE, undefined],
    ['element-neighbour', [{ ...DAY, pointer: '/*' }], BESIDE.replace(', x-data-element: birth', ''), undefined],
    [
      'element-places',
      [],
      OPENAPI.replace(
        /birthDate.*/,
        Array.from({ length: 501 }, (_, n) => `d${n}: { x-data-element: birth }`).join('\n                  '),
      ),
      undefined,
    ],
  ])('are refused as %s', (code, places, openapi, path) => {
    const refused = documentsOf(places as Place[], openapi);
    expect(refused.ok ? [] : refused.reason).toEqual([
      { code, at: 'D/GOV/1/s/v', message: expect.any(String), ...(path === undefined ? {} : { path }) },
    ]);
  });
});
