import { ok, refuse, type Result } from '#kernel';

/** Which key of which token: what a `pkcs11:` URI (RFC 7512) may say here. At least one of each pair is there. */
export interface KeyUri {
  readonly token: string | undefined;
  readonly serial: string | undefined;
  readonly object: string | undefined;
  /** CKA_ID in hexadecimal. */
  readonly id: string | undefined;
  /** Absolute path of the file that holds the PIN; undefined: the one of the process's settings. */
  readonly pinFile: string | undefined;
}

export type KeyUriReason = 'uri-scheme' | 'uri-form' | 'uri-attribute' | 'uri-token' | 'uri-key' | 'uri-pin';

const MOST_CHARACTERS = 1_024;
const PATH_NAMES = ['token', 'serial', 'object', 'id', 'type'] as const;
const QUERY_NAMES = ['pin-source'] as const;
/** RFC 7512 §2.3: unreserved, reserved-available and pct-encoded; `?` and `&` separate queries. */
const VALUE = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/]|%[0-9A-Fa-f]{2})+$/;

/**
 * Reads a key's URI. Strict: an attribute that is not understood here would have narrowed the choice, and a PIN in the
 * URI (`pin-value`) would lie about in key files and logs. The module is never chosen by a URI: that would be code.
 */
export function parseKeyUri(text: string): Result<KeyUri, KeyUriReason> {
  if (!text.startsWith('pkcs11:') || text.length > MOST_CHARACTERS) return refuse('uri-scheme');
  const [path = '', query, ...rest] = text.slice('pkcs11:'.length).split('?');
  if (rest.length > 0) return refuse('uri-form');
  const attributes = read(path, ';', PATH_NAMES);
  if (!attributes.ok) return attributes;
  const queries = query === undefined ? ok(new Map<string, Buffer>()) : read(query, '&', QUERY_NAMES);
  if (!queries.ok) return queries;
  const key = named(attributes.value);
  if (!key.ok) return key;
  const pinFile = pinFileOf(queries.value);
  if (pinFile !== undefined && !pinFile.startsWith('/')) return refuse('uri-pin');
  return ok({ ...key.value, pinFile });
}

function named(attributes: ReadonlyMap<string, Buffer>): Result<Omit<KeyUri, 'pinFile'>, KeyUriReason> {
  const textOf = (name: string) => attributes.get(name)?.toString('utf8');
  if ((textOf('type') ?? 'private') !== 'private') return refuse('uri-attribute');
  const [token, serial, object] = [textOf('token'), textOf('serial'), textOf('object')];
  const id = attributes.get('id')?.toString('hex');
  if (token === undefined && serial === undefined) return refuse('uri-token');
  if (object === undefined && id === undefined) return refuse('uri-key');
  return ok({ token, serial, object, id });
}

/** `pin-source` is a path, or a `file:` URI of one (RFC 7512 §2.4). */
function pinFileOf(queries: ReadonlyMap<string, Buffer>): string | undefined {
  const pin = queries.get('pin-source')?.toString('utf8');
  return pin?.startsWith('file:') === true ? pin.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : pin;
}

/** What tells one token from another: keys of one token share its sessions. */
export function tokenName({ token, serial }: Pick<KeyUri, 'token' | 'serial'>): string {
  return [token, serial === undefined ? undefined : `serial ${serial}`].filter((part) => part !== undefined).join(', ');
}

function read(text: string, separator: string, names: readonly string[]): Result<Map<string, Buffer>, KeyUriReason> {
  const found = new Map<string, Buffer>();
  for (const part of text.split(separator)) {
    const at = part.indexOf('=');
    const [name, value] = [part.slice(0, at), part.slice(at + 1)];
    if (at < 1 || !VALUE.test(value) || found.has(name)) return refuse('uri-form');
    if (!names.includes(name)) return refuse('uri-attribute');
    found.set(name, octets(value));
  }
  return ok(found);
}

function octets(value: string): Buffer {
  return Buffer.from(
    value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}
