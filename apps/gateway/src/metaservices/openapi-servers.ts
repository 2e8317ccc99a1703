import { parseDocument, stringify, type Document } from 'yaml';

/** Where the provider's system listens is nobody's business: consumers go through the gateway. */
const PLACEHOLDER = 'http://example.org/xroad-endpoint';

/**
 * An OpenAPI 3 document with every `servers[].url` (of the document, of paths, of operations) replaced, in the format in
 * which it came; undefined if the text is no OpenAPI 3 document.
 */
export function withoutServers(text: string): string | undefined {
  const json = parseJson(text);
  if (json !== undefined) {
    if (!isOpenApi3(json)) return undefined;
    replaceIn(json);
    return JSON.stringify(json);
  }
  const document = parseDocument(text);
  const value = document.errors.length > 0 ? undefined : plainValue(document);
  if (!isOpenApi3(value)) return undefined;
  try {
    for (const path of serverPaths(value)) document.setIn(path, PLACEHOLDER);
    return document.toString();
  } catch {
    // Servers behind YAML aliases cannot be set in place: then comments are lost, and still no URL gets out.
    replaceIn(value);
    return stringify(value);
  }
}

/** Bounded: a few lines of aliases can stand for gigabytes. */
function plainValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    // More aliases than any honest document has.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then it is YAML, or nothing that we know.
    return undefined;
  }
}

function isOpenApi3(value: unknown): boolean {
  return isObject(value) && typeof value['openapi'] === 'string' && value['openapi'].startsWith('3.');
}

function replaceIn(document: unknown): void {
  for (const path of serverPaths(document)) {
    const key = path.at(-1);
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((at, step) => (isObject(at) ? at[String(step)] : undefined), document);
    if (isObject(parent) && key !== undefined) parent[String(key)] = PLACEHOLDER;
  }
}

/** Paths of all server URLs: of the root, of each path item, of each operation. */
function serverPaths(document: unknown): (string | number)[][] {
  const found = serversAt(document, []);
  const paths = isObject(document) ? document['paths'] : undefined;
  for (const [path, item] of entriesOf(paths)) {
    found.push(...serversAt(item, ['paths', path]));
    for (const [method, operation] of entriesOf(item)) found.push(...serversAt(operation, ['paths', path, method]));
  }
  return found;
}

function serversAt(value: unknown, path: (string | number)[]): (string | number)[][] {
  const servers = isObject(value) ? value['servers'] : undefined;
  return Array.isArray(servers) ? servers.map((_, index) => [...path, 'servers', index, 'url']) : [];
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
