import { AppError } from '#kernel';
import { isError } from './is-error.js';

export type LogFields = Readonly<Record<string, unknown>>;

const MAX_TEXT = 300;
const MAX_ITEMS = 20;
/** Names under which personal data or secrets arrive. Their values are never written, whatever they hold. */
const UNSAFE =
  /^(url|uri|originalUrl|target|rawTarget|query|search|headers?|body|payload|content|plaintext|subjects?|user|endUser|pin|opening|openings|r|salt|cookie|authorization|token|password|secret|privateKey|jwk|jws|statement|detail)$/i;

/**
 * What may be written of a caller's fields: flat values under harmless names. Objects are dropped rather than
 * walked, because what is inside them is not known here; so personal data cannot get into a log line by being passed
 * along with something else.
 */
export function safeFields(fields: LogFields): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'err') safe['err'] = safeError(value);
    else if (!UNSAFE.test(name)) safe[name] = safeValue(value);
  }
  return safe;
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item) => (isFlat(item) ? safeValue(item) : '[object]'));
  return isFlat(value) ? value : '[object]';
}

function isFlat(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'undefined', 'bigint'].includes(typeof value);
}

/**
 * An error as code, place and, where it is ours or the operating system's, message. Messages of other libraries quote
 * their input (`JSON.parse`, PostgreSQL's "invalid input syntax … "), so those are left out.
 */
export function safeError(cause: unknown, depth = 0): Record<string, unknown> {
  if (!isError(cause)) return { name: 'NonError' };
  const code = textProperty(cause, 'code');
  const inner = cause.cause !== undefined && depth < 3 ? { cause: safeError(cause.cause, depth + 1) } : {};
  if (cause instanceof AppError)
    return { code: cause.code, message: cause.message, ...safeFields({ ...cause.details, err: undefined }), ...inner };
  const place = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: cause.name,
    ...(code === undefined ? {} : { code }),
    ...(isMessageSafe(cause, code) ? { message: cause.message.slice(0, MAX_TEXT) } : {}),
    stack: place.slice(0, 8).map((line) => line.trim()),
    ...inner,
  };
}

/** System errors (`ECONNREFUSED`), type errors, and PostgreSQL's complaints about the statement, not about its values. */
function isMessageSafe(cause: Error, code: string | undefined): boolean {
  if (cause.name === 'TypeError' || cause.name === 'ReferenceError') return code === undefined;
  return code !== undefined && /^(E[A-Z]{3,}|ERR_MODULE_[A-Z_]+|(08|28|3D|40|42|53|55|57)[0-9A-Z]{3})$/.test(code);
}

function textProperty(value: object, name: string): string | undefined {
  const property: unknown = Reflect.get(value, name);
  return typeof property === 'string' ? property : undefined;
}
