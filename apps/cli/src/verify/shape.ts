/** Strict readers of parsed JSON: a value of exactly that shape, or undefined. No library: an auditor reads all of it. */

export type Reader<Value> = (value: unknown) => Value | undefined;
type ValueOf<R> = R extends Reader<infer Value> ? Value : never;

export function text(pattern: RegExp = /^[^]*$/u): Reader<string> {
  return (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined);
}

/** A whole number that JavaScript holds exactly. */
export function count(least = 0): Reader<number> {
  return (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined);
}

export function constant<const Value extends string | number>(...allowed: readonly Value[]): Reader<Value> {
  return (value) => allowed.find((candidate) => candidate === value);
}

export function nullable<Value>(reader: Reader<Value>): Reader<Value | null> {
  return (value) => (value === null ? null : reader(value));
}

export function list<Value>(item: Reader<Value>, least = 0, most = 10_000): Reader<Value[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return undefined;
    const items = value.map((entry: unknown) => item(entry));
    return items.every((entry) => entry !== undefined) ? items : undefined;
  };
}

export function pair<First, Second>(first: Reader<First>, second: Reader<Second>): Reader<[First, Second]> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [a, b] = [first(value[0]), second(value[1])];
    return a === undefined || b === undefined ? undefined : [a, b];
  };
}

/** Exactly these members; the result has them in the order given here, so that it can be serialised and compared. */
export function object<Fields extends Record<string, Reader<unknown>>>(
  fields: Fields,
): Reader<{ [Name in keyof Fields]: ValueOf<Fields[Name]> }> {
  const names = Object.keys(fields);
  return (value) => {
    const source = asRecord(value);
    if (source === undefined || Object.keys(source).length !== names.length) return undefined;
    const built: Record<string, unknown> = {};
    for (const name of names) {
      const member = Object.hasOwn(source, name) ? fields[name]?.(source[name]) : undefined;
      if (member === undefined) return undefined;
      built[name] = member;
    }
    // Every field was just read by its own reader.
    return built as { [Name in keyof Fields]: ValueOf<Fields[Name]> };
  };
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** JSON from bytes that are UTF-8 throughout, with the text that was parsed. */
export function parseJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(decoded);
    return { text: decoded, value };
  } catch {
    // Not UTF-8 or not JSON: the caller refuses it by name.
    return undefined;
  }
}
