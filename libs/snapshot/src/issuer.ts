import { z } from 'zod';
import { code, localised } from './member-document.js';

/** What an issuer may sign with. Asymmetric only: with a shared secret whoever checks could also forge. */
export const issuerAlgorithms = ['EdDSA', 'ES256', 'PS256', 'RS256'] as const;

const LEAST_MODULUS_CHARACTERS = 342;
const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/);

/** The algorithm stands at the key, so that no token can choose with what it is checked. */
const issuerKey = z
  .strictObject({
    kid: z.string().min(1).max(255),
    alg: z.enum(issuerAlgorithms),
    kty: z.enum(['OKP', 'EC', 'RSA']),
    use: z.literal('sig').optional(),
    crv: z.enum(['Ed25519', 'P-256']).optional(),
    x: base64url.optional(),
    y: base64url.optional(),
    n: base64url.min(LEAST_MODULUS_CHARACTERS, 'is shorter than 2048 bits').optional(),
    e: base64url.optional(),
  })
  .refine((key) => isComplete(key), { message: 'is no public key for its "alg"' });

function isComplete(key: {
  readonly alg: (typeof issuerAlgorithms)[number];
  readonly [part: string]: string | undefined;
}): boolean {
  const has = (...parts: string[]) => parts.every((part) => key[part] !== undefined);
  if (key.alg === 'EdDSA') return key['kty'] === 'OKP' && key['crv'] === 'Ed25519' && has('x');
  if (key.alg === 'ES256') return key['kty'] === 'EC' && key['crv'] === 'P-256' && has('x', 'y');
  return key['kty'] === 'RSA' && has('n', 'e');
}

const claim = z.string().min(1).max(255);

const people = z.strictObject({
  kind: z.enum(['citizen', 'official']),
  where: z
    .strictObject({ claim, is: z.string().max(255) })
    .optional()
    .describe('Only tokens with this claim; absent: all that no entry before has taken'),
  subject: z
    .strictObject({ country: z.string().regex(/^[A-Z]{2,8}$/), type: code, claim: claim.default('sub') })
    .describe('How the person is called on this bus: the claim holds the code'),
  represents: claim
    .optional()
    .describe('Claim with those whom the person may act for: a list of codes of the same type, or COUNTRY/TYPE/CODE'),
});

const kindOfSubject = z.strictObject({ country: z.string().regex(/^[A-Z]{2,8}$/), type: code });

/** Identifiers of mandates: random, so that a published revocation tells nothing of anybody. */
export const MANDATE_ID = /^[A-Za-z0-9_-]{16,64}$/;

const mandates = z.strictObject({
  by: z.array(kindOfSubject).min(1).max(10).describe('Kinds of persons whom a mandate may let act'),
  for: z.array(kindOfSubject).min(1).max(10).describe('Kinds of subjects for whom a mandate may let somebody act'),
  revoked: z
    .array(z.string().regex(MANDATE_ID))
    .max(10_000)
    .default([])
    .describe('Identifiers ("jti") of mandates that ended before their time; one may go when that time is over'),
});

const location = z
  .string()
  .max(255)
  .regex(/^https:\/\/[^\s?#]+$|^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/[^\s?#]*)?$/, 'is no https URL');

/**
 * Whose word this bus takes on who acts (`design.md` §6): an OpenID Connect issuer that says who has signed in
 * (`people`), a register that says for whom somebody may act (`mandates`), or one that does both. Its keys stand here,
 * under the registry's signature: nobody who decides asks the network who may say so, and a new key is an `apply`.
 */
export const issuer = z
  .strictObject({
    issuer: location.describe('Exactly as "iss" says it'),
    title: localised,
    keys: z.array(issuerKey).min(1).max(20),
    people: z.array(people).max(10).default([]).describe('Whom its sign-ins name'),
    mandates: mandates.optional().describe('Whom its mandates may name; absent: it gives none'),
    assurance: z
      .strictObject({ claim: claim.default('acr'), levels: z.array(z.string().min(1).max(255)).min(1).max(20) })
      .optional()
      .describe('Sign-ins that are strong enough; absent: all'),
  })
  .refine(({ people, mandates }) => people.length > 0 || mandates !== undefined, {
    message: 'speaks for nobody: name "people", "mandates" or both',
  });
export type Issuer = z.infer<typeof issuer>;
