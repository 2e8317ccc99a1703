import type { ActingPerson } from '#access';
import { ok, refuse, type Result } from '#kernel';
import { parseTypedSubject, typedSubject, type TypedSubject } from '#signing';
import type { Issuer } from '#snapshot';
import type { AssertionReason, Claims } from './assertion.js';

/** Who acts, by the word of an issuer that this bus knows. Personal data: never logged, stated as a commitment. */
export interface EndUser extends ActingPerson {
  readonly user: TypedSubject;
  readonly represents: readonly TypedSubject[];
  /** Identifier of the issuer. */
  readonly issuer: string;
  /** Until when the assertion may be shown. */
  readonly untilMs: number;
}

const MAX_REPRESENTED = 100;

/** The person of whom an assertion speaks, as its issuer's entry in the snapshot says how to read it. */
export function personOf(issuer: Issuer, claims: Claims): Result<EndUser, AssertionReason> {
  const { assurance, people } = issuer;
  if (assurance !== undefined) {
    const level = claims[assurance.claim];
    if (typeof level !== 'string' || !assurance.levels.includes(level)) return refuse('end-user-assurance');
  }
  const rule = people.find(({ where }) => where === undefined || claims[where.claim] === where.is);
  if (rule === undefined) return refuse('end-user-unknown');
  const { country, type, claim } = rule.subject;
  const user = typed(country, type, claims[claim]);
  const said = rule.represents === undefined ? undefined : (claims[rule.represents] ?? []);
  const represents = said === undefined ? [] : listed(country, type, said);
  if (user === undefined || represents === undefined) return refuse('end-user-malformed');
  return ok({ kind: rule.kind, user, represents, issuer: issuer.issuer, untilMs: claims.exp * 1000 });
}

/** Of what kind those are whom the issuers call like this; undefined: nobody is called so, or people of both kinds are. */
export function kindOfPerson(
  issuers: readonly Pick<Issuer, 'people'>[],
  { country, type }: Pick<TypedSubject, 'country' | 'type'>,
): EndUser['kind'] | undefined {
  const alike = issuers
    .flatMap(({ people }) => people)
    .filter(({ subject }) => subject.country === country && subject.type === type);
  const [kind, ...others] = new Set(alike.map((rule) => rule.kind));
  return others.length === 0 ? kind : undefined;
}

/** All of them or none: a person whom nobody can name is not left out in silence. */
function listed(country: string, type: string, said: unknown): TypedSubject[] | undefined {
  if (!Array.isArray(said) || said.length > MAX_REPRESENTED) return undefined;
  const all = said.map((one: unknown) =>
    typeof one === 'string' && one.includes('/') ? parseTypedSubject(one) : typed(country, type, one),
  );
  return all.every((one) => one !== undefined) ? all : undefined;
}

/** Codes are committed to in upper case, as those that a service's subject rule finds. */
function typed(country: string, type: string, code: unknown): TypedSubject | undefined {
  return typeof code === 'string' ? typedSubject(country, type, code.toUpperCase()) : undefined;
}
