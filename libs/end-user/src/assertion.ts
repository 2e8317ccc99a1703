import { z } from 'zod';
import type { EndUserReason } from '#access';
import type { SignedToken, TokenForm } from './signed-token.js';

type AboutAgreement = 'end-user-required' | 'end-user-mismatch';
export type MandateReason = Extract<EndUserReason, `mandate-${string}`>;
/** What may be wrong with the assertion itself. */
export type AssertionReason = Exclude<EndUserReason, AboutAgreement | MandateReason>;

const claims = z.looseObject({
  iss: z.string().min(1).max(255),
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string()).min(1).max(20)]).transform((aud) => [aud].flat()),
  azp: z.string().optional(),
  exp: z.number().positive(),
  iat: z.number().positive(),
  nbf: z.number().optional(),
  jti: z.string().min(1).max(255),
});
export type Claims = z.infer<typeof claims>;
export type Assertion = SignedToken<Claims>;

/** ID token or access token (RFC 9068); what else an issuer signs is no word on who acts. */
export const assertionForm: TokenForm<Claims> = {
  claims,
  types: new Set([undefined, 'jwt', 'at+jwt']),
  // Longer than any identity provider's; it travels sealed beside the request.
  maxCharacters: 4096,
};
