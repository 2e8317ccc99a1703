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

const location = z
  .string()
  .max(255)
  .regex(/^https:\/\/[^\s?#]+$|^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/[^\s?#]*)?$/, 'is no https URL');

/**
 * An OpenID Connect issuer whose word this bus takes on who acts (`design.md` §6). Its keys stand here, under the
 * registry's signature: nobody who decides asks the network who may say so, and a new key is an `apply`.
 */
export const issuer = z.strictObject({
  issuer: location.describe('Exactly as "iss" says it'),
  title: localised,
  keys: z.array(issuerKey).min(1).max(20),
  people: z.array(people).min(1).max(10),
  assurance: z
    .strictObject({ claim: claim.default('acr'), levels: z.array(z.string().min(1).max(255)).min(1).max(20) })
    .optional()
    .describe('Sign-ins that are strong enough; absent: all'),
});
export type Issuer = z.infer<typeof issuer>;
