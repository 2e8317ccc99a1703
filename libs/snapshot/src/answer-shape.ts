import { answerSchemas, innerSchemas, sameValue, type Inner } from './answer-schemas.js';
import { tokensOf, WILDCARD } from './pointer-pattern.js';

/** Schemas looked at for all questions together: each may be about every schema of a document. */
const MAX_STEPS = 500_000;
const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** Values at one place of an answer. */
interface Reached {
  readonly tokens: readonly string[];
  readonly schemas: readonly unknown[];
  /** Whether a schema names what a `*` of the pattern covers. */
  readonly isNamed: boolean;
}

/** What the schemas of an OpenAPI document's answers say of places in them. One for the questions about one service. */
export class AnswerShape {
  private steps = 0;
  private readonly answers: ReadonlyMap<string, readonly unknown[]>;

  constructor(private readonly document: unknown) {
    const byEndpoint = Map.groupBy(answerSchemas(document), ({ endpoint }) => endpoint);
    this.answers = new Map([...byEndpoint].map(([endpoint, found]) => [endpoint, found.map(({ schema }) => schema)]));
  }

  /** Whether more was asked than is looked up: answers from then on say nothing. */
  get isExhausted(): boolean {
    return this.steps > MAX_STEPS;
  }

  /** Whether a schema of the endpoint's answers describes what stands at a pointer pattern. */
  describes(endpoint: string, pointer: string): boolean {
    const tokens = tokensOf(pointer);
    if (tokens === undefined) return false;
    let schemas = this.answers.get(endpoint) ?? [];
    for (const token of tokens)
      schemas = this.inside(schemas)
        .filter((inner) => fits(inner, token))
        .map(({ schema }) => schema);
    return schemas.length > 0;
  }

  /** Places that a pattern covers though the schemas name a key or an index of theirs where it has `*`. */
  namedUnder(endpoint: string, pattern: readonly string[]): (readonly string[])[] {
    let reached: Reached[] = [{ tokens: [], schemas: this.answers.get(endpoint) ?? [], isNamed: false }];
    for (const token of pattern) reached = reached.flatMap((above) => this.below(above, token));
    return reached.filter(({ isNamed }) => isNamed).map(({ tokens }) => tokens);
  }

  private below({ tokens, schemas, isNamed }: Reached, token: string): Reached[] {
    const inner = this.inside(schemas).filter((one) => token === WILDCARD || fits(one, token));
    const byName = Map.groupBy(inner, (one) => (token === WILDCARD ? one.token : undefined));
    return [...byName].map(([name, found]) => ({
      tokens: [...tokens, name ?? token],
      schemas: found.map(({ schema }) => schema),
      isNamed: isNamed || name !== undefined,
    }));
  }

  private inside(schemas: readonly unknown[]): Inner[] {
    if (this.isExhausted) return [];
    const values = [...sameValue(this.document, schemas)];
    const inner = values.flatMap(innerSchemas);
    this.steps += 1 + values.length + inner.length;
    return inner;
  }
}

function fits({ token, isItem }: Inner, asked: string): boolean {
  if (token !== undefined) return token === asked && token !== WILDCARD;
  return asked === WILDCARD || !isItem || INDEX.test(asked);
}
