/** A JSON object or array as it was parsed; looked at by identity, never changed. */
export type Node = Readonly<Record<string, unknown>>;

/** The schema of a value inside another one. */
export interface Inner {
  readonly schema: unknown;
  /** Key or index; undefined where the schema is that of any item, or of any key that has no schema of its own. */
  readonly token: string | undefined;
  readonly isItem: boolean;
}

export const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
/** Statuses whose answers may hold data of a person: 2xx, and `default`, which may stand for them. */
const ANSWERS = /^(?:2[0-9]{2}|2XX|default)$/i;
/** Keywords with a schema, a list or a map of schemas of the very same value. */
const COMPOSITIONS = ['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas'] as const;
/** References in a row. */
const MAX_HOPS = 32;

export function nodeOf(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null ? (value as Node) : undefined;
}

/** What stands under a key of the node itself: never what every object inherits. */
export function own(node: unknown, key: string): unknown {
  const found = nodeOf(node);
  return found !== undefined && Object.hasOwn(found, key) ? found[key] : undefined;
}

/** Schemas of an OpenAPI 3 document's answers, of every media type, with their endpoints (`GET /{pin}`). */
export function answerSchemas(document: unknown): { readonly endpoint: string; readonly schema: unknown }[] {
  const operations = entries(own(document, 'paths')).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = own(item, method);
      return operation === undefined ? [] : [{ endpoint: `${method.toUpperCase()} ${path}`, operation }];
    }),
  );
  return operations.flatMap(({ endpoint, operation }) =>
    entries(own(operation, 'responses'))
      .filter(([status]) => ANSWERS.test(status))
      .flatMap(([, response]) => entries(own(resolved(document, response), 'content')))
      .map(([, media]) => ({ endpoint, schema: own(media, 'schema') }))
      .filter(({ schema }) => schema !== undefined),
  );
}

/** All schemas that describe the value which these describe: themselves, what they refer to, what they are composed of. */
export function sameValue(document: unknown, schemas: readonly unknown[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  const open = [...schemas];
  for (let next = open.pop(); next !== undefined || open.length > 0; next = open.pop()) {
    const node = nodeOf(next);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    open.push(target(document, node));
    for (const keyword of COMPOSITIONS) {
      const parts = own(node, keyword);
      if (keyword === 'then' || keyword === 'else') open.push(parts);
      else for (const [, part] of entries(parts)) open.push(part);
    }
  }
  return found;
}

/** Schemas of the values that stand directly inside, as this one schema says. */
export function innerSchemas(schema: Node): Inner[] {
  const named = (keyword: string, isItem: boolean) =>
    entries(own(schema, keyword)).map(([token, inner]): Inner => ({ schema: inner, token, isItem }));
  const unnamed = (schemas: readonly unknown[], isItem: boolean) =>
    schemas.map((inner): Inner => ({ schema: inner, token: undefined, isItem }));
  const patterns = entries(own(schema, 'patternProperties')).map(([, inner]) => inner);
  return [
    ...named('properties', false),
    ...named('prefixItems', true),
    ...unnamed([...patterns, own(schema, 'additionalProperties'), own(schema, 'unevaluatedProperties')], false),
    ...unnamed([own(schema, 'items'), own(schema, 'contains'), own(schema, 'unevaluatedItems')], true),
  ].filter(({ schema: inner }) => inner !== undefined && inner !== false);
}

/** The node itself, or what its `$ref` names in the same document. */
function resolved(document: unknown, node: unknown): unknown {
  let at = node;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const next = target(document, at);
    if (next === undefined) return at;
    at = next;
  }
  return undefined;
}

/** What a `$ref` into the document itself names (a JSON pointer as a URI fragment); undefined if there is none. */
export function target(document: unknown, node: unknown): unknown {
  const reference = own(node, '$ref');
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((token) => unescaped(token))
    .reduce<unknown>((at, token) => (token === undefined ? undefined : own(at, token)), document);
}

function unescaped(token: string): string | undefined {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    // No URI fragment: the reference leads nowhere.
    return undefined;
  }
}

function entries(value: unknown): [string, unknown][] {
  return Object.entries(nodeOf(value) ?? {});
}
