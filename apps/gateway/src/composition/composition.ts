import type { HeaderField } from '../exchange/exchange.js';

/** Why and about whom; what stands at the top of a composition holds for each part that says nothing else. */
export interface PartContext {
  readonly subject?: string;
  readonly purpose?: string;
  readonly legalBasis?: string;
  readonly endUser?: string;
}

/** One exchange of a composition, as the consumer asks for it. */
export interface Part extends PartContext {
  readonly name: string;
  /** Raw, as on the edge: `/r1/…`. */
  readonly target: string;
  readonly method?: string;
  readonly headers?: readonly HeaderField[];
  readonly body?: string;
  readonly bodyEncoding?: 'text' | 'base64';
  readonly idempotencyKey?: string;
  /** Leaf hash of the order by which the access stays concealed; of each part by itself, never of all. */
  readonly concealment?: string;
  readonly deadlineMs?: number;
}

export interface Composition extends PartContext {
  readonly deadlineMs?: number;
  /** How answers stand in the answer: JSON as JSON, or every body as the bytes that it is. */
  readonly answerBodies?: 'json' | 'base64';
  readonly parts: readonly Part[];
}

export interface CompositionProblem {
  /** RFC 6901, as a URI fragment. */
  readonly pointer: string;
  /** The rule, never the value. */
  readonly message: string;
}

export const MAX_PARTS = 20;
export const DEFAULT_DEADLINE_MS = 10_000;
/** No service may take longer than ten minutes either. */
export const MAX_DEADLINE_MS = 600_000;

/** Deeper and wider than any composition: what validates one visits every value, at every level. */
const MAX_DEPTH = 6;
const MAX_WIDTH = 64;
const MOST_SETTLING_MS = 250;

/** What makes a composition wrong beyond the form of its fields. */
export function problemsOf({ parts }: Composition): CompositionProblem[] {
  const names = parts.map(({ name }) => name);
  return parts.flatMap(({ name, body, bodyEncoding }, index) => [
    ...(names.indexOf(name) === index
      ? []
      : [{ pointer: `#/parts/${index}/name`, message: 'another part has this name' }]),
    ...(bodyEncoding !== 'base64' || isBase64(body ?? '')
      ? []
      : [{ pointer: `#/parts/${index}/body`, message: 'body must be base64' }]),
  ]);
}

/** Whether parsed JSON is small enough to be validated at all. */
export function isModest(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const inner: unknown[] = Object.values(value);
  return depth > 0 && inner.length <= MAX_WIDTH && inner.every((one) => isModest(one, depth - 1));
}

/**
 * How long a part's exchange may take: a little less than the composition, so that a part that nobody answers has its
 * failure recorded, and not only its time up, when the composition is answered.
 */
export function partDeadlineMs(composition: Composition, part: Part): number {
  const { deadlineMs = DEFAULT_DEADLINE_MS } = composition;
  const settlingMs = Math.min(MOST_SETTLING_MS, Math.floor(deadlineMs / 10));
  return Math.min(part.deadlineMs ?? Infinity, deadlineMs - settlingMs);
}

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}
