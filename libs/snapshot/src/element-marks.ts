import { ok, refuse, type Result } from '#kernel';
import {
  answerSchemas,
  innerSchemas,
  nodeOf,
  own,
  sameValue,
  target,
  type Inner,
  type Node,
} from './answer-schemas.js';
import { MAX_POINTER_LENGTH, pointerOf, tokensOf, WILDCARD } from './pointer-pattern.js';

/** What an OpenAPI document writes into a schema to say which data element stands there. */
const ELEMENT_MARK = 'x-data-element';

/** A mark where an answer has it. */
export interface ElementMark {
  /** `GET /{pin}` */
  readonly endpoint: string;
  /** Pointer pattern: `/visits/*`. */
  readonly pointer: string;
  /** As it was written: whether that is an element is for the registry to say. */
  readonly element: unknown;
}

export type ElementMarkReason = 'marks-too-many' | 'mark-too-deep' | 'mark-under-wildcard';

/** Schemas on the way to marks, each counted once for each place: references can make a tree of any size of a few lines. */
const MAX_STEPS = 100_000;
/** How often a schema that holds itself is followed: below that nothing is marked. */
const MAX_TURNS = 3;
const MAX_DEPTH = 64;
const INDEX = /^(?:0|[1-9][0-9]*)$/;

/**
 * Every mark in the answers of an OpenAPI document, through references within it, compositions, objects and arrays,
 * each place and element once. A mark that no answer reaches is none.
 */
export function elementMarks(document: unknown): Result<readonly ElementMark[], ElementMarkReason> {
  const leading = leadingToMarks(document);
  const marks = new Map<string, ElementMark>();
  let steps = 0;
  const walk = (
    endpoint: string,
    schema: unknown,
    tokens: readonly string[],
    above: readonly Node[],
  ): ElementMarkReason | undefined => {
    const nodes = [...sameValue(document, schema)].filter((node) => leading.has(node));
    const pointer = pointerOf(tokens);
    if (tokens.length > MAX_DEPTH || pointer.length > MAX_POINTER_LENGTH) return 'mark-too-deep';
    for (const node of nodes) {
      steps += 1;
      if (steps > MAX_STEPS) return 'marks-too-many';
      const element = own(node, ELEMENT_MARK);
      if (element !== undefined)
        marks.set(JSON.stringify([endpoint, pointer, element]), { endpoint, pointer, element });
      if (above.filter((other) => other === node).length >= MAX_TURNS) continue;
      for (const { schema: inner, token } of innerSchemas(node)) {
        if (!leading.has(inner as Node)) continue;
        if (token === WILDCARD) return 'mark-under-wildcard';
        const reason = walk(endpoint, inner, [...tokens, token ?? WILDCARD], [...above, node]);
        if (reason !== undefined) return reason;
      }
    }
    return undefined;
  };
  for (const { endpoint, schema } of answerSchemas(document)) {
    const reason = walk(endpoint, schema, [], []);
    if (reason !== undefined) return refuse(reason);
  }
  return ok([...marks.values()]);
}

/** Whether a schema of the endpoint's answers describes what stands at a pointer pattern. */
export function describesPlace(document: unknown, endpoint: string, pointer: string): boolean {
  const tokens = tokensOf(pointer);
  if (tokens === undefined) return false;
  const answers = answerSchemas(document).filter((answer) => answer.endpoint === endpoint);
  const found = tokens.reduce<ReadonlySet<unknown>>(
    (schemas, token) =>
      new Set(
        [...schemas]
          .flatMap((schema) => [...sameValue(document, schema)])
          .flatMap(innerSchemas)
          .filter((inner) => fits(inner, token))
          .map(({ schema }) => schema),
      ),
    new Set(answers.map(({ schema }) => schema)),
  );
  return found.size > 0;
}

function fits({ token, isItem }: Inner, asked: string): boolean {
  if (token !== undefined) return token === asked && token !== WILDCARD;
  return asked === WILDCARD || !isItem || INDEX.test(asked);
}

/** Every object of the document from which a mark can be reached: all others need no look, however many there are. */
function leadingToMarks(document: unknown): ReadonlySet<Node> {
  const parents = new Map<Node, Node[]>();
  const marked: Node[] = [];
  const open = [nodeOf(document)];
  const seen = new Set<Node>();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (own(node, ELEMENT_MARK) !== undefined) marked.push(node);
    for (const child of [...Object.values(node), target(document, node)].map(nodeOf)) {
      if (child === undefined) continue;
      const known = parents.get(child);
      if (known === undefined) parents.set(child, [node]);
      else known.push(node);
      open.push(child);
    }
  }
  const leading = new Set<Node>();
  for (let node = marked.pop(); node !== undefined; node = marked.pop()) {
    if (leading.has(node)) continue;
    leading.add(node);
    marked.push(...(parents.get(node) ?? []));
  }
  return leading;
}
