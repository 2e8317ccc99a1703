import { ok, refuse, type Result } from '#kernel';
import { jsonAt } from './json-pointer.js';
import { percentDecode } from './plain-text.js';
import { isWellFormedCode } from './subject-code.js';
import type { SubjectRule } from './view.js';

/** COUNTRY / TYPE / CODE, upper case (`statements.md` §5); `TypedSubject` of `#signing` is the same shape. */
export interface Subject {
  readonly country: string;
  readonly type: string;
  readonly code: string;
}

export type SubjectReason =
  | 'subject-missing'
  | 'subject-malformed'
  /** More than one value stands where the rule wants one. */
  | 'subject-ambiguous'
  /** The stated subject is not the one that the rule finds. */
  | 'subject-mismatch'
  /** The rule reads a JSON body, and this one is none. */
  | 'body-malformed';

/** Everything that a subject rule may read of a request. */
export interface SubjectSources {
  readonly params: ReadonlyMap<string, string>;
  readonly query: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Uint8Array;
}

const CODE = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The subject that a rule finds in a request, or `in-answer` where only the answer will tell. */
export function findSubject(rule: SubjectRule, sources: SubjectSources): Result<Subject | 'in-answer', SubjectReason> {
  const { from } = rule;
  if ('answer' in from) return ok('in-answer');
  if ('path' in from) return typed(rule, present(sources.params.get(from.path)));
  if ('query' in from) return typed(rule, queryValue(sources.query ?? '', from.query));
  if ('header' in from) return typed(rule, headerValue(sources.headers, from.header));
  const declared = headerValue(sources.headers, 'content-type');
  if (!declared.ok || !JSON_TYPE.test(declared.value.trim())) return refuse('body-malformed');
  return typed(rule, pointerValue(sources.body, from.body));
}

/** The subject that a rule of the form `answer` finds in an agency's JSON answer. */
export function findSubjectInAnswer(rule: SubjectRule, body: Uint8Array): Result<Subject, SubjectReason> {
  return 'answer' in rule.from ? typed(rule, pointerValue(body, rule.from.answer)) : refuse('subject-missing');
}

/**
 * Brings the rule's finding and the caller's own statement (`Kerege-Subject`) together (`exchange.md` §1). Undefined
 * only for a service without personal data that nobody named a subject for.
 */
export function resolveSubject(
  service: { readonly personalData: boolean },
  rule: SubjectRule | undefined,
  sources: SubjectSources,
  stated: Subject | undefined,
): Result<Subject | 'in-answer' | undefined, SubjectReason> {
  if (rule === undefined) {
    if (stated === undefined) return service.personalData ? refuse('subject-missing') : ok(stated);
    return isWellFormedCode(stated) ? ok(stated) : refuse('subject-malformed');
  }
  const found = findSubject(rule, sources);
  if (!found.ok || found.value === 'in-answer' || stated === undefined) return found;
  return sameSubject(found.value, stated) ? found : refuse('subject-mismatch');
}

export function sameSubject(a: Subject, b: Subject): boolean {
  return a.country === b.country && a.type === b.type && a.code === b.code;
}

/** Codes are compared and committed to in upper case; what cannot be a code of the rule's type is none. */
function typed(rule: SubjectRule, value: Result<string, SubjectReason>): Result<Subject, SubjectReason> {
  if (!value.ok) return value;
  if (!CODE.test(value.value)) return refuse('subject-malformed');
  const subject = { country: rule.country, type: rule.type, code: value.value.toUpperCase() };
  return isWellFormedCode(subject) ? ok(subject) : refuse('subject-malformed');
}

function present(value: string | undefined): Result<string, SubjectReason> {
  return value === undefined || value === '' ? refuse('subject-missing') : ok(value);
}

/** `;` separates for some readers and case matters not for others, so any second spelling of the name is one too many. */
function queryValue(query: string, name: string): Result<string, SubjectReason> {
  if (query.includes(';')) return refuse('subject-ambiguous');
  const fields = query.split('&').map((field) => {
    const [key = '', ...rest] = field.split('=');
    return { key: percentDecode(key.replaceAll('+', ' ')), value: rest.join('=') };
  });
  if (fields.some((field) => field.key === undefined)) return refuse('subject-ambiguous');
  const alike = fields.filter(
    (field) => (field.key ?? '').replace(/\[.*$/s, '').trim().toLowerCase() === name.toLowerCase(),
  );
  if (alike.length > 1) return refuse('subject-ambiguous');
  const [only] = alike;
  if (only === undefined || only.key !== name) return refuse('subject-missing');
  const value = percentDecode(only.value.replaceAll('+', ' '));
  return value === undefined ? refuse('subject-malformed') : present(value);
}

function headerValue(headers: SubjectSources['headers'], name: string): Result<string, SubjectReason> {
  const values = headers.filter((header) => header.name.toLowerCase() === name.toLowerCase());
  return values.length > 1 ? refuse('subject-ambiguous') : present(values[0]?.value.trim());
}

function pointerValue(body: Uint8Array, pointer: string): Result<string, SubjectReason> {
  const value = jsonAt(body, pointer);
  if (!value.ok) {
    if (value.reason === 'json-absent') return refuse('subject-missing');
    return refuse(value.reason === 'json-ambiguous' ? 'subject-ambiguous' : 'body-malformed');
  }
  return typeof value.value === 'string' ? present(value.value) : refuse('subject-malformed');
}
