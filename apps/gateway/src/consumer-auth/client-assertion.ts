import { generateKeyPairSync } from 'node:crypto';
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  jwtVerify,
  type CryptoKey,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { ok, parseSubsystemId, refuse, sha256, type Result, type SubsystemId } from '#kernel';
import { algorithmOf, type Algorithm, type PublicJwk } from '#signing';

const LONGEST_ASSERTION_S = 300;
/** Clocks of information systems are kept less well than those of the bus. */
const CLOCK_TOLERANCE_S = 30;
const MAX_ASSERTION_CHARS = 4_096;
const JTI = /^[\x21-\x7e]{8,128}$/;
/** Of RFC 7523 as it is written, and as its successor wants it; nothing that means something else on the bus. */
const TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'JWT', 'client-authentication+jwt']);

/** Why an assertion proves nothing. All but the first are told only to whoever holds the key. */
export type AssertionReason =
  | 'client-unauthenticated'
  | 'assertion-malformed'
  | 'assertion-algorithm'
  | 'assertion-type'
  | 'assertion-claims'
  | 'assertion-audience'
  | 'assertion-early'
  | 'assertion-expired'
  | 'assertion-long';

export interface Assertion {
  readonly client: SubsystemId;
  /** Thumbprint of the key that signed it. */
  readonly credential: string;
  /** SHA-256 of its `jti`. */
  readonly jtiHash: Buffer;
  /** Until then it could be shown again, by the slowest clock that is believed. */
  readonly untilMs: number;
}

export interface AssertionCheck {
  /** This gateway's URL, as it is. */
  readonly audience: string;
  readonly nowMs: number;
  /** The key that the client registered under that thumbprint, valid now, of a client that is served here. */
  readonly credentialOf: (client: SubsystemId, kid: string) => PublicJwk | undefined;
}

/**
 * Which subsystem signed an assertion (RFC 7523 §3). Whether it was shown before is its caller's to remember. A client that
 * nobody knows costs the same check of a signature as one whose key is another, and is told the same.
 */
export async function checkAssertion(
  assertion: string,
  check: AssertionCheck,
): Promise<Result<Assertion, AssertionReason>> {
  const shape = shapeOf(assertion);
  if (!shape.ok) return shape;
  const { client, kid, alg } = shape.value;
  const registered = check.credentialOf(client, kid);
  // The key says which algorithm it is for; a header never chooses (RFC 8725 §3.1).
  const jwk = registered !== undefined && algorithmOf(registered) === alg ? registered : nobodysKeys[alg];
  try {
    const { payload } = await jwtVerify(assertion, await keyOf(jwk, alg), {
      algorithms: [alg],
      issuer: client,
      subject: client,
      currentDate: new Date(check.nowMs),
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
    });
    if (jwk !== registered) return refuse('client-unauthenticated');
    const claims = soundClaims(payload, check);
    return claims.ok ? ok({ client, credential: kid, ...claims.value }) : claims;
  } catch (cause) {
    return refuse(reasonOf(cause));
  }
}

interface Shape {
  readonly client: SubsystemId;
  readonly kid: string;
  readonly alg: Algorithm;
}

/** What can be said of an assertion without knowing anybody. */
function shapeOf(assertion: string): Result<Shape, AssertionReason> {
  if (assertion.length > MAX_ASSERTION_CHARS) return refuse('assertion-malformed');
  const { header, payload } = decoded(assertion);
  const client = typeof payload?.iss === 'string' ? parseSubsystemId(payload.iss) : undefined;
  if (header === undefined || client?.ok !== true) return refuse('assertion-malformed');
  const { alg, kid, typ } = header;
  if (alg !== 'EdDSA' && alg !== 'ES256') return refuse('assertion-algorithm');
  if (!TYPES.has(typ)) return refuse('assertion-type');
  if (typeof kid !== 'string') return refuse('assertion-malformed');
  return ok({ client: client.value, kid, alg });
}

function decoded(assertion: string): { readonly header?: ProtectedHeaderParameters; readonly payload?: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(assertion), payload: decodeJwt(assertion) };
  } catch {
    // No JWT: the caller says so.
    return {};
  }
}

function soundClaims(
  { aud, iat = 0, exp = 0, jti = '' }: JWTPayload,
  { audience, nowMs }: AssertionCheck,
): Result<Pick<Assertion, 'jtiHash' | 'untilMs'>, AssertionReason> {
  // One name and no list: an assertion for two could be shown by the one to the other.
  if (aud !== audience) return refuse('assertion-audience');
  // A claim may be of any type, whatever its name promises.
  if (typeof (jti as unknown) !== 'string' || !JTI.test(jti)) return refuse('assertion-claims');
  if (iat * 1000 > nowMs + CLOCK_TOLERANCE_S * 1000) return refuse('assertion-early');
  if (exp - iat > LONGEST_ASSERTION_S) return refuse('assertion-long');
  return ok({ jtiHash: Buffer.from(sha256(jti)), untilMs: Math.ceil((exp + CLOCK_TOLERANCE_S) * 1000) });
}

function reasonOf(cause: unknown): AssertionReason {
  if (cause instanceof errors.JWTExpired) return 'assertion-expired';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return cause.claim === 'nbf' ? 'assertion-early' : 'assertion-claims';
  if (cause instanceof errors.JWTInvalid) return 'assertion-malformed';
  return 'client-unauthenticated';
}

/** Keys ready for use, by what they are; as many as there are credentials, at most. */
const imported = new LRUCache<string, CryptoKey>({ max: 4_096 });

async function keyOf({ kty, crv, x, y }: PublicJwk, alg: Algorithm): Promise<CryptoKey> {
  const name = `${alg} ${crv} ${x} ${y ?? ''}`;
  const known = imported.get(name);
  if (known !== undefined) return known;
  const key = (await importJWK(y === undefined ? { kty, crv, x } : { kty, crv, x, y }, alg)) as CryptoKey;
  imported.set(name, key);
  return key;
}

/** Signatures of those whom nobody knows are checked with these, whose other halves are gone. */
const nobodysKeys: Readonly<Record<Algorithm, PublicJwk>> = {
  EdDSA: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as PublicJwk,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as PublicJwk,
};
