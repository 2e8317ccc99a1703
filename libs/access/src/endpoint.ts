import { plainSpelling } from './plain-text.js';
import { decodedSegments } from './target.js';
import type { AccessService, SubjectRule } from './view.js';

export interface EndpointMatch {
  /** As registered, `METHOD /pattern`: what statements call `ep`. */
  readonly endpoint: string;
  /** The endpoint's own subject rule, else its service's. */
  readonly subject: SubjectRule | undefined;
  /** Once-decoded value of each placeholder. */
  readonly params: ReadonlyMap<string, string>;
}

interface Pattern {
  readonly endpoint: string;
  readonly subject: SubjectRule | undefined;
  readonly method: string;
  readonly segments: readonly Segment[];
  /** One character per segment, `0` literal and `1` placeholder: the smaller one is the more literal pattern. */
  readonly rank: string;
}

interface Segment {
  /** Undefined for a literal. */
  readonly param: string | undefined;
  readonly literal: string;
  readonly plain: string;
}

/** Patterns are parsed once per service entry; entries are immutable and live as long as their snapshot. */
const parsed = new WeakMap<AccessService, readonly Pattern[]>();

/**
 * The registered endpoint that a method and a raw service path mean. Segments are matched once-decoded and exactly; a
 * literal beats a placeholder. A path that a careless server could read as a *more literal* endpoint than the one that
 * matches (`/admin;x`, `/Admin`, `/admin.` beside `/admin` and `/{pin}`) matches nothing.
 */
export function matchEndpoint(service: AccessService, method: string, path: string): EndpointMatch | undefined {
  const segments = decodedSegments(path);
  if (segments === undefined) return undefined;
  const patterns = patternsOf(service).filter(
    (pattern) => pattern.method === method && pattern.segments.length === segments.length,
  );
  const found = patterns.find((pattern) => pattern.segments.every((segment, i) => matches(segment, segments[i] ?? '')));
  if (found === undefined) return undefined;
  const plain = segments.map(plainSpelling);
  const meant = patterns.find((pattern) => pattern.segments.every((segment, i) => couldMean(segment, plain[i] ?? '')));
  if (meant !== undefined && meant.rank < found.rank) return undefined;
  return { endpoint: found.endpoint, subject: found.subject, params: paramsOf(found, segments) };
}

function matches(segment: Segment, text: string): boolean {
  return segment.param === undefined ? segment.literal === text : text !== '';
}

function couldMean(segment: Segment, plain: string): boolean {
  return segment.param === undefined ? segment.plain === plain : plain !== '';
}

function paramsOf(pattern: Pattern, segments: readonly string[]): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const [index, { param }] of pattern.segments.entries())
    if (param !== undefined) params.set(param, segments[index] ?? '');
  return params;
}

function patternsOf(service: AccessService): readonly Pattern[] {
  const known = parsed.get(service);
  if (known !== undefined) return known;
  const patterns = service.endpoints
    .map(({ endpoint, subject }) => parsePattern(endpoint, subject ?? service.subject))
    .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  parsed.set(service, patterns);
  return patterns;
}

function parsePattern(endpoint: string, subject: SubjectRule | undefined): Pattern {
  const space = endpoint.indexOf(' ');
  const segments = endpoint
    .slice(space + 2)
    .split('/')
    .map((literal): Segment => {
      const param = /^\{([^{}]+)\}$/.exec(literal)?.[1];
      return { param, literal, plain: plainSpelling(literal) };
    });
  const rank = segments.map((segment) => (segment.param === undefined ? '0' : '1')).join('');
  return { endpoint, subject, method: endpoint.slice(0, space), segments, rank };
}
