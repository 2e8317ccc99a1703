import { ok, refuse, type Result } from '#kernel';
import type { Permit } from './decide.js';
import type { Subject } from './subject.js';
import type { AccessAgreement, ContextField, SubjectRule } from './view.js';

export type TermsReason = 'subject-kind-not-agreed' | 'context-missing';

/** What a call says of itself, beside who makes it and why. */
export interface CallTerms {
  /** COUNTRY/TYPE of whom it is about; undefined where it is about nobody. */
  readonly subjectKind: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Where a call states each field of its context, in lower case (`exchange.md` §2.3). */
export const CONTEXT_HEADERS: Readonly<Record<ContextField, string>> = {
  issue: 'x-road-issue',
  'user-id': 'x-road-userid',
  'represented-party': 'x-road-represented-party',
};

/**
 * The agreement of a permit by which a call goes through: the first whose kinds of subject and whose context it meets. One
 * agreement has to allow the whole; what two allow in part nobody has agreed to.
 */
export function decideTerms(permit: Permit, call: CallTerms): Result<AccessAgreement, TermsReason> {
  const about = permit.agreements.filter((agreement) => isKindAgreed(agreement, call.subjectKind));
  if (about.length === 0) return refuse('subject-kind-not-agreed');
  const stated = about.find((agreement) => missingContext(agreement, call).length === 0);
  return stated === undefined ? refuse('context-missing') : ok(stated);
}

export function isKindAgreed({ subjectKinds }: AccessAgreement, kind: string | undefined): boolean {
  return subjectKinds === undefined || (kind !== undefined && subjectKinds.includes(kind));
}

/** Which statements an agreement asks for that a call does not make; an empty header states nothing. */
export function missingContext({ context = [] }: AccessAgreement, { headers }: CallTerms): ContextField[] {
  return context.filter(
    (field) => !headers.some(({ name, value }) => name.toLowerCase() === CONTEXT_HEADERS[field] && value.trim() !== ''),
  );
}

/** The kind of a subject that is known, or that the rule promises of the answer. */
export function subjectKindOf(
  subject: Subject | 'in-answer' | undefined,
  rule: SubjectRule | undefined,
): string | undefined {
  const typed = subject === 'in-answer' ? rule : subject;
  return typed === undefined ? undefined : `${typed.country}/${typed.type}`;
}
