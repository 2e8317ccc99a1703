import { resolve } from 'node:path';
import { ok, refuse, Secret, type Result } from '#kernel';

/** One setting: where it comes from, what it means, how its text becomes a value. */
export interface Setting<Value> {
  readonly env: string;
  /** Absent: the setting is required (always so for secrets). */
  readonly default?: Value;
  readonly meaning: string;
  readonly unit?: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly parse: (text: string) => Result<Value, string>;
  readonly show: (value: Value) => string;
}

interface Described<Value> {
  readonly env: string;
  readonly default?: Value;
  readonly meaning: string;
  readonly unit?: string;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function make<Value>(
  kind: string,
  description: Described<Value>,
  parse: (text: string) => Result<Value, string>,
  show: (value: Value) => string = String,
): Setting<Value> {
  return { ...description, kind, secret: false, parse, show };
}

function whole(text: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds): Result<number, string> {
  if (!/^\d{1,16}$/.test(text)) return refuse('must be a whole number');
  const value = Number(text);
  return value >= min && value <= max ? ok(value) : refuse(`must lie between ${min} and ${max}`);
}

function text(description: Described<string>): Setting<string> {
  return make('text', description, (raw) => ok(raw));
}

/** No default, ever, and never shown (`style.md` §2.6). */
function secret(description: Omit<Described<Secret>, 'default'>): Setting<Secret> {
  const read = (raw: string) => (raw === '' ? refuse('must not be empty') : ok(new Secret(raw)));
  return { ...make('text', description, read), secret: true };
}

/** A secret that need not be: empty means that there is none. Never shown either. */
function optionalSecret(description: Omit<Described<Secret>, 'default'>): Setting<Secret> {
  const read = (raw: string) => ok(new Secret(raw));
  return { ...make('text', { ...description, default: Secret.none }, read, () => ''), secret: true };
}

/** A file or folder; relative ones are taken from the working directory. */
function path(description: Described<string>): Setting<string> {
  return make('path', description, (raw) => (raw === '' ? refuse('must not be empty') : ok(resolve(raw))));
}

function integer(description: Described<number> & Bounds): Setting<number> {
  const { min, max, ...rest } = description;
  return make('integer', rest, (raw) => whole(raw, bounds(min, max)));
}

/** 0 lets the system choose, for tests. */
function port(description: Described<number>): Setting<number> {
  return make('port', description, (raw) => whole(raw, { min: 0, max: 65_535 }));
}

function durationMs(description: Omit<Described<number>, 'unit'> & Bounds): Setting<number> {
  const { min, max, ...rest } = description;
  return make('duration', { ...rest, unit: 'ms' }, (raw) => whole(raw, bounds(min, max)));
}

function bytes(description: Omit<Described<number>, 'unit'> & Bounds): Setting<number> {
  const { min, max, ...rest } = description;
  return make('size', { ...rest, unit: 'bytes' }, (raw) => whole(raw, bounds(min, max)));
}

/** Comma-separated; empty text is the empty list. */
function list(description: Described<readonly string[]>): Setting<readonly string[]> {
  const split = (raw: string) => (raw.trim() === '' ? [] : raw.split(',').map((part) => part.trim()));
  return make(
    'list',
    description,
    (raw) => (split(raw).includes('') ? refuse('has an empty entry') : ok(Object.freeze(split(raw)))),
    (value) => value.join(','),
  );
}

function oneOf<const Value extends string>(
  description: Described<Value> & { readonly values: readonly Value[] },
): Setting<Value> {
  const { values, ...rest } = description;
  return make(`one of ${values.join(', ')}`, rest, (raw) => {
    const value = values.find((candidate) => candidate === raw);
    return value === undefined ? refuse(`must be one of ${values.join(', ')}`) : ok(value);
  });
}

function flag(description: Described<boolean>): Setting<boolean> {
  return make('flag', description, (raw) =>
    raw === 'true' ? ok(true) : raw === 'false' ? ok(false) : refuse('must be true or false'),
  );
}

function bounds(min: number | undefined, max: number | undefined): Bounds {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** The kinds of setting there are; each keeps its description, from which `docs/configuration.md` is generated. */
export const setting = { text, secret, optionalSecret, path, integer, port, durationMs, bytes, list, oneOf, flag };
