import { decodeJwt, errors, importJWK, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { AppError, ok, parseSubsystemId, refuse, type Result, type SubsystemId } from '#kernel';
import { algorithmOf, type PublicJwk } from '#signing';

/** `typ` of a reader's token: no statement or document of a member can be taken for one (RFC 8725 §3.11). */
export const READER_TOKEN_TYPE = 'kerege-reader+jwt';
export const LONGEST_TOKEN_MS = 5 * 60_000;
/** Clocks are kept within half a second on the bus; a reader's may be worse. */
export const CLOCK_TOLERANCE_MS = 30_000;
const MAX_TOKEN_BYTES = 4 * 1024;
const JTI = /^[\x21-\x7e]{8,128}$/;

export type ReaderTokenReason =
  'token-malformed' | 'token-claims' | 'token-audience' | 'token-expired' | 'token-key-unknown' | 'token-signature';

export interface ReaderToken {
  readonly reader: SubsystemId;
  readonly jti: string;
  /** Until then its `jti` has to be remembered. */
  readonly untilMs: number;
}

export interface TokenCheck {
  /** Audit's own URL: a token for somebody else is none for us. */
  readonly audience: string;
  readonly nowMs: number;
  /** The signing key that a subsystem published under that `kid` and that is valid now. */
  readonly keyOf: (subsystem: SubsystemId, kid: string) => Promise<PublicJwk | undefined> | PublicJwk | undefined;
}

/**
 * Who made the token, by its registered key: iss = sub = subsystem, for us, at most five minutes long. Whether it was
 * used before is its caller's to remember. Throws only what `keyOf` throws.
 */
export async function checkReaderToken(
  token: string,
  { audience, nowMs, keyOf }: TokenCheck,
): Promise<Result<ReaderToken, ReaderTokenReason>> {
  const reader = claimedReader(token);
  if (reader === undefined) return refuse('token-malformed');
  const by = { name: reader, audience, nowMs, keyOf: (kid: string) => keyOf(reader, kid) };
  const checked = await checkClaims(token, by);
  return checked.ok ? ok({ reader, ...checked.value }) : checked;
}

export interface InstanceTokenCheck {
  /** INSTANCE/id, as the registry names it: only its tokens are believed. */
  readonly instanceId: string;
  readonly audience: string;
  readonly nowMs: number;
  /** The signing key that the instance published under that `kid` and that is valid now. */
  readonly keyOf: (kid: string) => Promise<PublicJwk | undefined> | PublicJwk | undefined;
}

/** The same of a token by which an instance asks a member: feedback asks portals so what their handles stand for. */
export function checkInstanceToken(
  token: string,
  { instanceId, ...check }: InstanceTokenCheck,
): Promise<Result<Omit<ReaderToken, 'reader'>, ReaderTokenReason>> {
  return checkClaims(token, { ...check, name: instanceId });
}

interface ClaimsCheck extends Omit<InstanceTokenCheck, 'instanceId'> {
  /** Who has to have made it. */
  readonly name: string;
}

async function checkClaims(
  token: string,
  { name, audience, nowMs, keyOf }: ClaimsCheck,
): Promise<Result<Omit<ReaderToken, 'reader'>, ReaderTokenReason>> {
  if (token.length > MAX_TOKEN_BYTES) return refuse('token-malformed');
  try {
    const { payload } = await jwtVerify(token, ({ alg, kid }) => publishedKey(alg, kid, keyOf), {
      typ: READER_TOKEN_TYPE,
      algorithms: ['EdDSA', 'ES256'],
      issuer: name,
      subject: name,
      audience,
      currentDate: new Date(nowMs),
      clockTolerance: CLOCK_TOLERANCE_MS / 1000,
      maxTokenAge: LONGEST_TOKEN_MS / 1000,
      requiredClaims: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
    });
    return soundClaims(payload);
  } catch (cause) {
    // Of whoever looks keys up: says nothing about the token.
    if (cause instanceof AppError) throw cause;
    return refuse(reasonOf(cause));
  }
}

/** Read before anything is verified, to know whose key to look up. */
function claimedReader(token: string): SubsystemId | undefined {
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  try {
    const { iss } = decodeJwt(token);
    const parsed = typeof iss === 'string' ? parseSubsystemId(iss) : undefined;
    return parsed?.ok === true ? parsed.value : undefined;
  } catch {
    // No JWT: the caller says so.
    return undefined;
  }
}

async function publishedKey(
  alg: string | undefined,
  kid: string | undefined,
  keyOf: ClaimsCheck['keyOf'],
): Promise<CryptoKey | Uint8Array> {
  const jwk = kid === undefined ? undefined : await keyOf(kid);
  // The key says which algorithm it is for; a header never chooses (RFC 8725 §3.1).
  if (jwk === undefined || alg === undefined || algorithmOf(jwk) !== alg) throw new errors.JWKSNoMatchingKey();
  const { kty, crv, x, y } = jwk;
  return importJWK(y === undefined ? { kty, crv, x } : { kty, crv, x, y }, alg);
}

function soundClaims({ iat, exp, jti }: JWTPayload): Result<Omit<ReaderToken, 'reader'>, ReaderTokenReason> {
  if (iat === undefined || exp === undefined) return refuse('token-claims');
  // A claim may be of any type, whatever its name promises; a pattern would take a number for its digits.
  if (typeof (jti as unknown) !== 'string' || jti === undefined || !JTI.test(jti)) return refuse('token-claims');
  if ((exp - iat) * 1000 > LONGEST_TOKEN_MS) return refuse('token-claims');
  return ok({ jti, untilMs: exp * 1000 + CLOCK_TOLERANCE_MS });
}

function reasonOf(cause: unknown): ReaderTokenReason {
  if (cause instanceof errors.JWKSNoMatchingKey) return 'token-key-unknown';
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'token-signature';
  if (cause instanceof errors.JWTExpired) return 'token-expired';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return cause.claim === 'aud' ? 'token-audience' : 'token-claims';
  return 'token-malformed';
}
