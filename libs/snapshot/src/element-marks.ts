import { ok, refuse, type Result } from '#kernel';
import { answerSchemas, innerSchemas, nodeOf, own, sameValue, target, type Node } from './answer-schemas.js';
import { MAX_POINTER_LENGTH, pointerOf, WILDCARD } from './pointer-pattern.js';

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

/** Schemas looked at, each once for each place: references can make a tree of any size of a few lines. */
const MAX_STEPS = 200_000;
/** How often one schema is followed within itself: below that nothing is marked. */
const MAX_TURNS = 3;
const MAX_DEPTH = 64;

/**
 * Every mark in the answers of an OpenAPI document, through references within it, compositions, objects and arrays,
 * each place and element once. A mark that no answer reaches is none.
 */
export function elementMarks(document: unknown): Result<readonly ElementMark[], ElementMarkReason> {
  const search = new MarkSearch(document);
  for (const { endpoint, schema } of answerSchemas(document)) {
    const reason = search.from(endpoint, schema, [], []);
    if (reason !== undefined) return refuse(reason);
  }
  return ok([...search.marks.values()]);
}

/** One walk over a document's answers. Whoever is told a reason has only a part of the marks. */
class MarkSearch {
  readonly marks = new Map<string, ElementMark>();
  private steps = 0;
  private readonly leading: ReadonlySet<unknown>;

  constructor(private readonly document: unknown) {
    this.leading = leadingToMarks(document);
  }

  from(
    endpoint: string,
    schema: unknown,
    tokens: readonly string[],
    above: readonly Node[],
  ): ElementMarkReason | undefined {
    const pointer = pointerOf(tokens);
    if (tokens.length > MAX_DEPTH || pointer.length > MAX_POINTER_LENGTH) return 'mark-too-deep';
    for (const node of this.counted([...sameValue(this.document, [schema])])) {
      if (this.steps > MAX_STEPS) return 'marks-too-many';
      if (!this.leading.has(node)) continue;
      const element = own(node, ELEMENT_MARK);
      if (element !== undefined)
        this.marks.set(JSON.stringify([endpoint, pointer, element]), { endpoint, pointer, element });
      if (above.filter((other) => other === node).length >= MAX_TURNS) continue;
      const reason = this.within(endpoint, node, tokens, above);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  private within(
    endpoint: string,
    node: Node,
    tokens: readonly string[],
    above: readonly Node[],
  ): ElementMarkReason | undefined {
    for (const { schema, token } of this.counted(innerSchemas(node))) {
      if (!this.leading.has(schema)) continue;
      if (token === WILDCARD) return 'mark-under-wildcard';
      const reason = this.from(endpoint, schema, [...tokens, token ?? WILDCARD], [...above, node]);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  private counted<Item>(list: readonly Item[]): readonly Item[] {
    this.steps += list.length;
    return list;
  }
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
    for (const parent of parents.get(node) ?? []) marked.push(parent);
  }
  return leading;
}
