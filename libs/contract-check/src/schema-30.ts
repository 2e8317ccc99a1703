/** JSON without prototypes of its own making: parsed text only. */
type Json = unknown;

const MAX_DEPTH = 100;

/**
 * Schemas of OpenAPI 3.0 as JSON Schema 2020-12 says it: `nullable`, boolean `exclusiveMinimum` and `exclusiveMaximum`.
 * Keywords that only describe (`example`, `discriminator`, `xml`) mean nothing to a validator and stay. Undefined beyond
 * a depth that no honest document has.
 */
export function asJsonSchema(value: Json, depth = 0): Json {
  if (depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((item) => asJsonSchema(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Record<string, unknown>;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, inner]) => [key, key === 'enum' ? inner : asJsonSchema(inner, depth + 1)]),
  );
  limit(copy, 'exclusiveMinimum', 'minimum');
  limit(copy, 'exclusiveMaximum', 'maximum');
  if (copy['nullable'] !== true || typeof copy['type'] !== 'string') return copy;
  copy['type'] = [copy['type'], 'null'];
  delete copy['nullable'];
  return copy;
}

function limit(schema: Record<string, unknown>, exclusive: string, plain: string): void {
  if (typeof schema[exclusive] !== 'boolean') return;
  const isExclusive = schema[exclusive];
  Reflect.deleteProperty(schema, exclusive);
  if (!isExclusive || typeof schema[plain] !== 'number') return;
  schema[exclusive] = schema[plain];
  Reflect.deleteProperty(schema, plain);
}
