import { z } from 'zod';
import { sameSubject } from '#access';
import { ok, refuse, type Result } from '#kernel';
import { parseTypedSubject, type TypedSubject } from '#signing';
import { MANDATE_ID, type Issuer } from '#snapshot';
import type { MandateReason } from './assertion.js';
import { untimely, type SignedToken, type TokenForm } from './signed-token.js';

const person = z
  .string()
  .max(255)
  .transform((text) => parseTypedSubject(text.toUpperCase()))
  .pipe(z.custom<TypedSubject>((value) => value !== undefined));

const mandateClaims = z.looseObject({
  iss: z.string().min(1).max(255),
  /** Who is represented, as COUNTRY/TYPE/CODE. */
  sub: person,
  /** Who may act for them (RFC 8693 §4.1). */
  act: z.looseObject({ sub: person }),
  iat: z.number().positive(),
  nbf: z.number().optional(),
  exp: z.number().positive(),
  jti: z.string().regex(MANDATE_ID),
  /** Services for which it is given; absent: for all that touches the represented. */
  services: z.array(z.string().min(1).max(1024)).min(1).max(50).optional(),
});
type MandateClaims = z.infer<typeof mandateClaims>;
export type Mandate = SignedToken<MandateClaims>;

export const mandateForm: TokenForm<MandateClaims> = {
  claims: mandateClaims,
  types: new Set(['mandate+jwt']),
  maxCharacters: 2048,
};

export interface MandateQuestion {
  /** Who acts, as their assertion says. */
  readonly user: TypedSubject;
  /** The service that is called; absent where somebody looks at what the bus itself holds of the represented. */
  readonly service: string | undefined;
  readonly nowMs: number;
  readonly isRevoked: (issuer: Issuer, id: string) => boolean;
}

/**
 * Whom a mandate lets this person represent here; undefined: it is sound, and given for other services. A register may
 * name only kinds of persons that its entry in the snapshot lists.
 */
export function judgeMandate(
  { issuer, claims }: Mandate,
  { user, service, nowMs, isRevoked }: MandateQuestion,
): Result<TypedSubject | undefined, MandateReason> {
  const { mandates } = issuer;
  const { sub, act, jti, services } = claims;
  const isOfKind = ({ country, type }: TypedSubject, kinds: readonly { country: string; type: string }[] = []) =>
    kinds.some((kind) => kind.country === country && kind.type === type);
  if (!isOfKind(sub, mandates?.for) || !isOfKind(act.sub, mandates?.by)) return refuse('mandate-foreign');
  if (!sameSubject(act.sub, user)) return refuse('mandate-foreign');
  const problem = untimely(claims, nowMs / 1000);
  if (problem !== undefined) return refuse(`mandate-${problem}` as const);
  if (isRevoked(issuer, jti)) return refuse('mandate-revoked');
  return ok(services === undefined || (service !== undefined && services.includes(service)) ? sub : undefined);
}
