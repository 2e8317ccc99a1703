import { AnswerShape } from './answer-shape.js';
import type { InstanceDefinition } from './definition-schema.js';
import { elementMarks, type ElementMarkReason } from './element-marks.js';
import { MAX_PLACES, type EndpointEntry } from './member-document.js';
import type { OpenApiOperations } from './openapi-operations.js';
import { byCloseness, covers, pointerOf, tokensOf, WILDCARD } from './pointer-pattern.js';
import type { Path } from './references.js';

export type ElementProblemCode =
  | 'endpoint-unknown'
  | 'element-unknown'
  | 'element-pointer-unknown'
  | 'element-conflict'
  | 'element-neighbour'
  | 'element-places';

export interface ElementProblem {
  readonly code: ElementProblemCode;
  readonly message: string;
  /** Where in the definition; absent if it is the OpenAPI document that is wrong. */
  readonly path?: Path;
}

/** A service as far as its elements are concerned. */
export interface MarkedService {
  /** As the definition names it: without the instance's code. */
  readonly ref: string;
  readonly endpoints: readonly string[];
  /** Absent for a service without an OpenAPI document: then pointers are believed. */
  readonly openapi?: OpenApiOperations | undefined;
}

type Places = NonNullable<EndpointEntry['elements']>;

/** One place, where it was said, and how to name that in a message. */
interface Said {
  readonly endpoint: string;
  readonly pointer: string;
  readonly element: string;
  readonly path?: Path;
}

const MARK_REASONS: Readonly<Record<ElementMarkReason, string>> = {
  'marks-too-many': 'its answers hold too many places with "x-data-element"',
  'mark-too-deep': 'an "x-data-element" stands too deep in an answer',
  'mark-under-wildcard': 'an "x-data-element" stands under a key "*", which no place can name',
};

/**
 * Where elements stand in the answers of a service: the marks of its OpenAPI document and what the definition adds, by
 * endpoint, sorted. One place has one element, for one owner has to answer for it.
 */
export function serviceElements(
  definition: Pick<InstanceDefinition, 'elements' | 'elementPlaces'>,
  service: MarkedService,
): { readonly places: ReadonlyMap<string, Places>; readonly problems: readonly ElementProblem[] } {
  const shape = service.openapi === undefined ? undefined : new AnswerShape(service.openapi.document);
  const marked = markedPlaces(definition, service);
  const mapped = mappedPlaces(definition, service, shape);
  const problems = [...marked.problems, ...mapped.problems];
  const byEndpoint = new Map<string, Map<string, string>>();
  for (const { endpoint, pointer, element, path } of [...marked.said, ...mapped.said]) {
    const places = byEndpoint.get(endpoint) ?? new Map<string, string>();
    byEndpoint.set(endpoint, places);
    const before = places.get(pointer);
    places.set(pointer, before ?? element);
    if (before !== undefined && before !== element)
      problems.push(
        problem('element-conflict', `${where(endpoint, pointer)} is "${before}" already, not "${element}"`, path),
      );
  }
  for (const [endpoint, places] of byEndpoint)
    if (places.size > MAX_PLACES)
      problems.push(problem('element-places', `"${endpoint}" has more than ${MAX_PLACES} places of elements`));
    else problems.push(...coveredNeighbours(shape, endpoint, [...places.keys()]));
  if (shape?.isExhausted === true)
    problems.push(problem('element-places', 'its answers are too large to look up all places of elements in them'));
  return { places: new Map([...byEndpoint].map(([endpoint, places]) => [endpoint, sorted(places)])), problems };
}

function markedPlaces(definition: Pick<InstanceDefinition, 'elements'>, { openapi }: MarkedService) {
  const said: Said[] = [];
  const problems: ElementProblem[] = [];
  if (openapi === undefined) return { said, problems };
  const marks = elementMarks(openapi.document);
  if (!marks.ok) return { said, problems: [problem('element-places', MARK_REASONS[marks.reason])] };
  const known = new Set<unknown>(definition.elements.map(({ id }) => id));
  for (const { endpoint, pointer, element } of marks.value)
    if (typeof element === 'string' && known.has(element)) said.push({ endpoint, pointer, element });
    else
      problems.push(
        problem('element-unknown', `no element ${shown(element)} is registered: ${where(endpoint, pointer)} has it`),
      );
  return { said, problems };
}

function mappedPlaces(
  definition: Pick<InstanceDefinition, 'elementPlaces'>,
  service: MarkedService,
  shape: AnswerShape | undefined,
) {
  const said: Said[] = [];
  const problems: ElementProblem[] = [];
  for (const [index, place] of definition.elementPlaces.entries()) {
    if (place.service !== service.ref) continue;
    const { endpoint, pointer, element } = place;
    const path = (key: string): Path => ['elementPlaces', index, key];
    if (!service.endpoints.includes(endpoint))
      problems.push(problem('endpoint-unknown', `has no endpoint "${endpoint}"`, path('endpoint')));
    else if (shape?.describes(endpoint, pointer) === false)
      problems.push(
        problem('element-pointer-unknown', `no answer of "${endpoint}" describes "${pointer}"`, path('pointer')),
      );
    else said.push({ endpoint, pointer, element, path: path('element') });
  }
  return { said, problems };
}

/**
 * Places with a `*` which covers something that the schema names, and that has no closer place: a doubt about it would go
 * to the owner of what it is not. Each with the first such neighbour.
 */
function coveredNeighbours(
  shape: AnswerShape | undefined,
  endpoint: string,
  pointers: readonly string[],
): readonly ElementProblem[] {
  if (shape === undefined) return [];
  const patterns = pointers.map((pointer) => tokensOf(pointer) ?? []);
  return patterns
    .filter((pattern) => pattern.includes(WILDCARD))
    .flatMap((pattern) => {
      const closer = patterns.filter((other) => other.length === pattern.length && byCloseness(other, pattern) < 0);
      const named = shape
        .namedUnder(endpoint, pattern)
        .find((tokens) => !closer.some((other) => covers(other, tokens)));
      if (named === undefined) return [];
      const message = `would be "${pointerOf(named)}", too, which the schema names: that needs an element of its own`;
      return [problem('element-neighbour', `${where(endpoint, pointerOf(pattern))} ${message}`)];
    });
}

function sorted(places: ReadonlyMap<string, string>): Places {
  return [...places]
    .map(([pointer, element]) => ({ pointer, element }))
    .sort((a, b) => (a.pointer < b.pointer ? -1 : a.pointer > b.pointer ? 1 : 0));
}

function where(endpoint: string, pointer: string): string {
  return `"${pointer}" in answers of "${endpoint}"`;
}

/** What an agency wrote, in a line of text of ours. */
function shown(element: unknown): string {
  return JSON.stringify(element).slice(0, 80);
}

function problem(code: ElementProblemCode, message: string, path?: Path): ElementProblem {
  return { code, message, ...(path === undefined ? {} : { path }) };
}
