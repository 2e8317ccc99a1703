import { ok, refuse, type Result } from '#kernel';
import { parseTypedSubject } from '#signing';
import type { ExchangeContext, HeaderField } from '../exchange/exchange.js';

export type ContextReason =
  | 'context-repeated'
  | 'subject-header-malformed'
  | 'purpose-malformed'
  | 'legal-basis-malformed'
  | 'deadline-malformed'
  | 'deadline-passed'
  | 'idempotency-key-malformed'
  | 'concealment-malformed'
  | 'represented-party-malformed'
  | 'security-server-malformed';

const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const KEY = /^[\x20-\x7e]{1,255}$/;
/** 32 bytes in canonical unpadded base64url: the last character carries four bits. */
const LEAF_HASH = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const MILLISECONDS = /^\d{1,12}$/;

const NAMES = {
  subject: 'kerege-subject',
  purpose: 'kerege-purpose',
  legalBasis: 'kerege-legal-basis',
  endUser: 'kerege-end-user',
  deadline: 'kerege-deadline',
  idempotencyKey: 'idempotency-key',
  concealment: 'kerege-concealment',
} as const;

/**
 * The native context headers of `exchange.md` §1, and the form of X-Road's informational ones (§2.3). Says nothing of
 * what is required: that stands in the registration of the service, and `admission.ts` asks for it.
 */
export function parseContext(headers: readonly HeaderField[]): Result<ExchangeContext, ContextReason> {
  const malformed = repeated(headers) ?? xRoadReason(headers);
  if (malformed !== undefined) return refuse(malformed);
  const text = (name: string) => headers.find((header) => header.name.toLowerCase() === name)?.value.trim();
  const given = {
    subject: text(NAMES.subject),
    purpose: text(NAMES.purpose),
    legalBasis: text(NAMES.legalBasis),
    endUser: text(NAMES.endUser),
    deadline: text(NAMES.deadline),
    idempotencyKey: text(NAMES.idempotencyKey),
    concealment: text(NAMES.concealment),
  };
  const reason = nativeReason(given);
  if (reason !== undefined) return refuse(reason);
  const { purpose, legalBasis, endUser, idempotencyKey, concealment } = given;
  const subject = given.subject === undefined ? undefined : parseTypedSubject(given.subject);
  const deadlineMs = given.deadline === undefined ? undefined : Number(given.deadline);
  return ok(withoutAbsent({ subject, purpose, legalBasis, endUser, deadlineMs, idempotencyKey, concealment }));
}

type Given = Readonly<Record<keyof typeof NAMES, string | undefined>>;
type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function withoutAbsent(context: Loose<Required<ExchangeContext>>): ExchangeContext {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));
}

function repeated(headers: readonly HeaderField[]): ContextReason | undefined {
  const names = headers.map((header) => header.name.toLowerCase());
  const isRepeated = Object.values(NAMES).some((name) => names.indexOf(name) !== names.lastIndexOf(name));
  return isRepeated ? 'context-repeated' : undefined;
}

/** Each value by itself, in the order of the table of §1. */
function nativeReason(given: Given): ContextReason | undefined {
  const { subject, purpose, legalBasis, deadline, idempotencyKey, concealment } = given;
  if (subject !== undefined && parseTypedSubject(subject) === undefined) return 'subject-header-malformed';
  if (!fits(purpose, CODE)) return 'purpose-malformed';
  if (!fits(legalBasis, CODE)) return 'legal-basis-malformed';
  if (!fits(deadline, MILLISECONDS)) return 'deadline-malformed';
  if (deadline !== undefined && Number(deadline) === 0) return 'deadline-passed';
  if (!fits(idempotencyKey, KEY)) return 'idempotency-key-malformed';
  return fits(concealment, LEAF_HASH) ? undefined : 'concealment-malformed';
}

function fits(text: string | undefined, form: RegExp): boolean {
  return text === undefined || form.test(text);
}

/** Both are informational in Kerege and go on as they came; malformed ones are errors as on X-Road. */
function xRoadReason(headers: readonly HeaderField[]): ContextReason | undefined {
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (lower === 'x-road-represented-party' && !hasParts(value, 1, 2)) return 'represented-party-malformed';
    if (lower === 'x-road-security-server' && !hasParts(value, 4, 4)) return 'security-server-malformed';
  }
  return undefined;
}

function hasParts(text: string, least: number, most: number): boolean {
  const parts = text.trim().split('/');
  return parts.length >= least && parts.length <= most && parts.every(isPart);
}

function isPart(part: string): boolean {
  try {
    return decodeURIComponent(part) !== '';
  } catch {
    // A stray percent sign or bad UTF-8 is the malformation that was asked about.
    return false;
  }
}
