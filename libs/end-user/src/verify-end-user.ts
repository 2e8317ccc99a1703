import { ok, refuse, type Result } from '#kernel';
import type { TypedSubject } from '#signing';
import type { Issuer } from '#snapshot';
import type { AssertionMemory } from './assertion-memory.js';
import { assertionForm, type AssertionReason, type MandateReason } from './assertion.js';
import { judgeMandate, mandateForm } from './mandate.js';
import { personOf, type EndUser } from './person.js';
import { untimely } from './signed-token.js';

export interface EndUserQuestion {
  /** Of the snapshot by which the asker decides. */
  readonly issuers: readonly Issuer[];
  /** The subsystem that shows the assertion, or that signed the request beside which it travels. */
  readonly consumer: string;
  /** The service that is called; undefined where somebody looks at what the bus itself holds. */
  readonly service: string | undefined;
  readonly nowMs: number;
  readonly memory: AssertionMemory;
}

/** Why it is not believed who acts, or for whom. */
export type PresentationReason = AssertionReason | MandateReason;

const LONGEST_LIFE_S = 600;
/** Stands between an assertion and the mandates that are shown with it, as in SD-JWT (RFC 9901); no JWT holds it. */
const SEPARATOR = '~';
const MAX_MANDATES = 3;
/** The whole of `Kerege-End-User`. */
export const MAX_PRESENTATION_CHARACTERS =
  assertionForm.maxCharacters + MAX_MANDATES * (SEPARATOR.length + mandateForm.maxCharacters);

/**
 * Who acts, by what stands in `Kerege-End-User` (`exchange.md` §1): an assertion signed by an issuer of the snapshot, for
 * this consumer, now, of a life of ten minutes at most, from a sign-in that is strong enough; and behind it, each after
 * a `~`, up to three mandates of that person. A mandate that does not stand refuses the whole: who shows one means it.
 * Whether the person may act on a subject is another question (`decideEndUser` of `#access`).
 */
export async function verifyEndUser(
  presentation: string,
  question: EndUserQuestion,
): Promise<Result<EndUser, PresentationReason>> {
  const [assertion = '', ...mandates] = presentation.split(SEPARATOR, MAX_MANDATES + 2);
  if (mandates.length > MAX_MANDATES) return refuse('mandate-malformed');
  const person = await verifyAssertion(assertion, question);
  if (!person.ok) return person;
  const represents = [...person.value.represents];
  for (const mandate of mandates) {
    const represented = await verifyMandate(mandate, person.value.user, question);
    if (!represented.ok) return represented;
    if (represented.value !== undefined) represents.push(represented.value);
  }
  return ok({ ...person.value, represents });
}

async function verifyAssertion(
  token: string,
  { issuers, consumer, nowMs, memory }: EndUserQuestion,
): Promise<Result<EndUser, AssertionReason>> {
  const read = await memory.read(token, issuers);
  if (!read.ok) return read;
  const { issuer, claims } = read.value;
  const problem = untimely(claims, nowMs / 1000);
  if (problem !== undefined) return refuse(`end-user-${problem}` as const);
  if (claims.exp - claims.iat > LONGEST_LIFE_S) return refuse('end-user-long-lived');
  // Who wanted it (`azp`) counts before for whom else it is good.
  if (!claims.aud.includes(consumer) || (claims.azp ?? consumer) !== consumer) return refuse('end-user-audience');
  const person = personOf(issuer, claims);
  if (!person.ok) return person;
  return memory.isOwner(read.value, consumer, nowMs) ? person : refuse('end-user-replayed');
}

async function verifyMandate(
  token: string,
  user: TypedSubject,
  { issuers, service, nowMs, memory }: EndUserQuestion,
): Promise<Result<TypedSubject | undefined, MandateReason>> {
  const read = await memory.readMandate(token, issuers);
  if (!read.ok) return read;
  return judgeMandate(read.value, { user, service, nowMs, isRevoked: memory.isRevoked });
}
