import { ok, refuse, type Result } from '#kernel';
import { sameSubject, type Subject } from './subject.js';
import type { EndUserRule } from './view.js';

/** Who acts, as an issuer has said it and somebody has checked. */
export interface ActingPerson {
  readonly kind: 'citizen' | 'official';
  readonly user: Subject;
  readonly represents: readonly Subject[];
}

/** Why an end user is not taken; all but the last two lie in what is shown (`#end-user`). */
export type EndUserReason =
  | 'end-user-malformed'
  | 'end-user-issuer-unknown'
  /** No key of the issuer has signed it. */
  | 'end-user-unverified'
  | 'end-user-expired'
  | 'end-user-not-yet-valid'
  | 'end-user-long-lived'
  /** Made for another consumer. */
  | 'end-user-audience'
  | 'end-user-assurance'
  /** Nobody of those for whom the issuer may speak. */
  | 'end-user-unknown'
  /** Another consumer has shown it before. */
  | 'end-user-replayed'
  /** More than three, or one that is no mandate. */
  | 'mandate-malformed'
  | 'mandate-issuer-unknown'
  | 'mandate-unverified'
  | 'mandate-expired'
  | 'mandate-not-yet-valid'
  | 'mandate-revoked'
  /** It lets somebody else act, or its register may give no mandates of that kind. */
  | 'mandate-foreign'
  /** The agreement wants somebody, or somebody else, to act. */
  | 'end-user-required'
  /** A citizen may act on themselves and those whom they represent only, or it cannot be known in time whether they do. */
  | 'end-user-mismatch';

/**
 * Whether this person, or nobody, may act on this subject. A citizen is bound to their own data wherever they act, also
 * where no agreement asks for it; an official acts for their subsystem. `in-answer`: only the answer will tell, and then
 * this is asked again. What is done by then cannot be undone, so of an unsafe call a citizen is refused beforehand.
 */
export function decideEndUser(
  rules: readonly EndUserRule[],
  person: ActingPerson | undefined,
  subject: Subject | 'in-answer' | undefined,
  isUnsafe: boolean,
): Result<true, 'end-user-required' | 'end-user-mismatch'> {
  if (!rules.every((rule) => satisfies(rule, person))) return refuse('end-user-required');
  if (person?.kind !== 'citizen' || subject === undefined) return ok(true);
  if (subject === 'in-answer') return isUnsafe ? refuse('end-user-mismatch') : ok(true);
  const isTheirs = [person.user, ...person.represents].some((own) => sameSubject(own, subject));
  return isTheirs ? ok(true) : refuse('end-user-mismatch');
}

function satisfies(rule: EndUserRule, person: ActingPerson | undefined): boolean {
  if (person === undefined) return false;
  return rule === 'any' || person.kind === (rule === 'official' ? 'official' : 'citizen');
}
