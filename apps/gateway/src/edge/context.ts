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
  | 'represented-party-malformed'
  | 'security-server-malformed';

const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const KEY = /^[\x20-\x7e]{1,255}$/;
const MILLISECONDS = /^\d{1,12}$/;

const NAMES = {
  subject: 'kerege-subject',
  purpose: 'kerege-purpose',
  legalBasis: 'kerege-legal-basis',
  deadline: 'kerege-deadline',
  idempotencyKey: 'idempotency-key',
} as const;

/**
 * The native context headers of `exchange.md` §1, and the form of X-Road's informational ones (§2.3). Says nothing of
 * what is required: that stands in the registration of the service, and `admission.ts` asks for it.
 */
export function parseContext(headers: readonly HeaderField[]): Result<ExchangeContext, ContextReason> {
  const text: Partial<Record<keyof typeof NAMES, string>> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    const values = headers.filter((header) => header.name.toLowerCase() === name);
    if (values.length > 1) return refuse('context-repeated');
    if (values[0] !== undefined) Object.assign(text, { [field]: values[0].value.trim() });
  }
  const malformed = xRoadReason(headers) ?? nativeReason(text);
  if (malformed !== undefined) return refuse(malformed);
  const subject = text.subject === undefined ? undefined : parseTypedSubject(text.subject);
  if (text.subject !== undefined && subject === undefined) return refuse('subject-header-malformed');
  return ok({
    ...(subject === undefined ? {} : { subject }),
    ...(text.purpose === undefined ? {} : { purpose: text.purpose }),
    ...(text.legalBasis === undefined ? {} : { legalBasis: text.legalBasis }),
    ...(text.deadline === undefined ? {} : { deadlineMs: Number(text.deadline) }),
    ...(text.idempotencyKey === undefined ? {} : { idempotencyKey: text.idempotencyKey }),
  });
}

function nativeReason(text: Partial<Record<keyof typeof NAMES, string>>): ContextReason | undefined {
  if (text.purpose !== undefined && !CODE.test(text.purpose)) return 'purpose-malformed';
  if (text.legalBasis !== undefined && !CODE.test(text.legalBasis)) return 'legal-basis-malformed';
  if (text.deadline !== undefined) {
    if (!MILLISECONDS.test(text.deadline)) return 'deadline-malformed';
    if (Number(text.deadline) === 0) return 'deadline-passed';
  }
  if (text.idempotencyKey !== undefined && !KEY.test(text.idempotencyKey)) return 'idempotency-key-malformed';
  return undefined;
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
