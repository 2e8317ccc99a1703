import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AnswerShape } from './answer-shape.js';
import { elementMarks } from './element-marks.js';
import { covers, tokensOf } from './pointer-pattern.js';

const marked = (element: string) => ({ type: 'string', 'x-data-element': element });
const answering = (schema: unknown, schemas: object = {}, status = '200') => ({
  openapi: '3.1.0',
  paths: { '/{pin}': { get: { responses: { [status]: { content: { 'application/json': { schema } } } } } } },
  components: { schemas },
});

function placesIn(document: unknown): string[] {
  const marks = elementMarks(document);
  if (!marks.ok) return [marks.reason];
  return marks.value.map(({ pointer, element }) => `${pointer} ${String(element)}`).sort();
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

describe('marks of an OpenAPI document', () => {
  it.each([
    ['the answer itself', { 'x-data-element': 'e' }, {}, [' e']],
    ['a key', { properties: { date: marked('e'), other: {} } }, {}, ['/date e']],
    ['keys with "/" and "~"', { properties: { 'a/b': { properties: { 'm~n': marked('e') } } } }, {}, ['/a~1b/m~0n e']],
    ['items of a list', { properties: { list: { items: { properties: { d: marked('e') } } } } }, {}, ['/list/*/d e']],
    ['lists in lists', { items: { items: marked('e') } }, {}, ['/*/* e']],
    ['a tuple', { prefixItems: [{}, marked('e')], items: marked('f') }, {}, ['/* f', '/1 e']],
    [
      'keys without names',
      { additionalProperties: marked('e'), patternProperties: { '^x': marked('f') } },
      {},
      ['/* e', '/* f'],
    ],
    [
      'a reference',
      { properties: { who: ref('Person') } },
      { Person: { properties: { d: marked('e') } } },
      ['/who/d e'],
    ],
    ['a reference to a reference', ref('A'), { A: ref('B'), B: { properties: { d: marked('e') } } }, ['/d e']],
    ['beside a reference', { properties: { d: { ...ref('Date'), 'x-data-element': 'e' } } }, { Date: {} }, ['/d e']],
    [
      'all of',
      { allOf: [ref('A'), { properties: { f: marked('f') } }] },
      { A: { properties: { e: marked('e') } } },
      ['/e e', '/f f'],
    ],
    [
      'one of, any of',
      { oneOf: [{ anyOf: [{ properties: { d: marked('e') } }] }, { items: marked('e') }] },
      {},
      ['/* e', '/d e'],
    ],
    [
      'conditions',
      { if: marked('no'), then: { properties: { d: marked('e') } }, else: { properties: { d: marked('f') } } },
      {},
      ['/d e', '/d f'],
    ],
    [
      'one shared schema, in two places',
      { properties: { a: ref('D'), b: ref('D') } },
      { D: marked('e') },
      ['/a e', '/b e'],
    ],
    ['no mark', { properties: { d: { description: 'x-data-element' } } }, { Unused: marked('e') }, []],
    ['a key that is called like a mark', { properties: { 'x-data-element': { type: 'string' } } }, {}, []],
  ])('stand at: %s', (_what, schema, schemas, places) => {
    expect(placesIn(answering(schema, schemas))).toEqual(places);
  });

  it('count in every answer that can be a disclosure, of whatever media type, and nowhere else', () => {
    for (const status of ['200', '206', '2XX', 'default'])
      expect(placesIn(answering(marked('e'), {}, status))).toEqual([' e']);
    for (const status of ['400', '302', '2000', 'x-200'])
      expect(placesIn(answering(marked('e'), {}, status))).toEqual([]);
    const elsewhere = {
      paths: {
        '/a': {
          parameters: [{ schema: marked('e') }],
          post: { requestBody: { content: { 'application/json': { schema: marked('e') } } }, responses: { 200: {} } },
        },
      },
    };
    expect(placesIn(elsewhere)).toEqual([]);
    const response = { content: { 'application/xml': { schema: marked('e') } } };
    const referred = {
      paths: { '/a': { put: { responses: { 201: { $ref: '#/components/responses/R' } } } } },
      components: { responses: { R: response } },
    };
    expect(elementMarks(referred)).toEqual({ ok: true, value: [{ endpoint: 'PUT /a', pointer: '', element: 'e' }] });
  });

  it('hand over what is no element, for the registry to refuse', () => {
    const marks = elementMarks(answering({ 'x-data-element': ['e'] }));
    expect(marks).toMatchObject({ ok: true, value: [{ element: ['e'] }] });
  });

  it('follow a schema that holds itself a few times, and end', () => {
    const person = { properties: { name: marked('e'), children: { items: ref('Person') } } };
    const places = placesIn(answering(ref('Person'), { Person: person }));
    expect(places).toEqual(['/children/*/children/*/name e', '/children/*/name e', '/name e']);
    expect(placesIn(answering(ref('A'), { A: { allOf: [ref('A'), marked('e')] } }))).toEqual([' e']);
    expect(placesIn(answering(ref('A'), { A: ref('A') }))).toEqual([]);
  });

  it('are refused when a few lines stand for more than anybody could look at', () => {
    const twice = (name: string) => ({ properties: { l: ref(name), r: ref(name) } });
    const levels = Array.from({ length: 30 }, (_, level) => [`L${level}`, twice(`L${level + 1}`)] as const);
    const schemas = { ...Object.fromEntries(levels), L30: marked('e') };
    expect(placesIn(answering(ref('L0'), schemas))).toEqual(['marks-too-many']);
    // Without a mark there is nothing to look for.
    expect(placesIn(answering(ref('L0'), { ...schemas, L30: {} }))).toEqual([]);
    const deep = Array.from({ length: 70 }).reduce<object>((inner) => ({ items: inner }), marked('e'));
    expect(placesIn(answering(deep))).toEqual(['mark-too-deep']);
    expect(placesIn(answering({ properties: { '*': marked('e') } }))).toEqual(['mark-under-wildcard']);
  });

  it('are found among more schemas of one value than a call has room for', () => {
    const many = Array.from({ length: 150_000 }, () => ({}));
    expect(placesIn(answering({ allOf: [...many, marked('e')] }))).toEqual([' e']);
    const properties = Object.fromEntries(many.map((_, n) => [`p${n}`, ref('D')]));
    expect(placesIn(answering({ properties }, { D: marked('e') }))).toEqual(['marks-too-many']);
  });

  it.each([undefined, null, 'x', [], {}, { paths: [] }, { paths: { '/a': { get: { responses: 1 } } } }])(
    'are none in %j',
    (document) => expect(placesIn(document)).toEqual([]),
  );

  it('go nowhere by a reference that is none', () => {
    for (const $ref of ['#/a/%', '#/__proto__', '#/constructor', 'other.yaml#/A', '#A', '#/components/schemas/No', 7])
      expect(placesIn(answering({ $ref }))).toEqual([]);
    const spaced = answering({ $ref: '#/components/schemas/a%20b~1c' }, { 'a b/c': marked('e') });
    expect(placesIn(spaced)).toEqual([' e']);
  });
});

/** A schema with one mark, and a document's value that fits it, with the pointer at which the marked value stands. */
interface Sample {
  readonly schema: object;
  readonly tokens: readonly string[];
}
const sample = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('item' as const), index: fc.nat(20) }),
      fc.record({
        kind: fc.constant('key' as const),
        key: fc
          .oneof(fc.constantFrom('a/b', '~', '~1', '', '0', 'ə'), fc.string({ maxLength: 6 }))
          .filter((key) => key !== '*' && key !== '__proto__'),
      }),
      fc.record({ kind: fc.constant('all' as const) }),
    ),
    { maxLength: 8 },
  )
  .map((steps) =>
    steps.reduceRight<Sample>(
      ({ schema, tokens }, step) => {
        if (step.kind === 'all') return { schema: { allOf: [{}, schema] }, tokens };
        if (step.kind === 'item') return { schema: { items: schema }, tokens: [String(step.index), ...tokens] };
        return { schema: { properties: { [step.key]: schema } }, tokens: [step.key, ...tokens] };
      },
      { schema: marked('e'), tokens: [] },
    ),
  );

describe('any mark', () => {
  it('covers the value that it marks, and its place is described by the schema', () => {
    fc.assert(
      fc.property(sample, ({ schema, tokens }) => {
        const document = answering(schema);
        const marks = elementMarks(document);
        const [mark, ...others] = marks.ok ? marks.value : [];
        expect(others).toEqual([]);
        expect(covers(tokensOf(mark?.pointer ?? '~') ?? ['no pointer'], tokens)).toBe(true);
        const shape = new AnswerShape(document);
        expect(shape.describes('GET /{pin}', mark?.pointer ?? '~')).toBe(true);
        expect(shape.describes('GET /{pin}', `${mark?.pointer ?? ''}/x`)).toBe(false);
        expect(shape.namedUnder('GET /{pin}', tokensOf(mark?.pointer ?? '~') ?? [])).toEqual([]);
      }),
    );
  });
});
