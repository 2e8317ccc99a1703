import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import {
  ok,
  parseSubsystemId,
  refuse,
  registerInstanceId,
  type InstanceId,
  type Result,
  type SubsystemId,
} from '#kernel';
import { documentKid, signDocument, verifyDocument, type Signer } from '#signing';
import type { RegistryView } from '#snapshot';
import { serves } from './claimed-client.js';
import type { HeaderField } from './header-fields.js';

/** RFC 9068 §2.1: what no statement, document or assertion can be taken for. */
const ACCESS_TOKEN_TYPE = 'at+jwt' as const;
export const ACCESS_TOKEN_LIFE_S = 300;
/** Clocks of the bus are kept within half a second of each other. */
const CLOCK_TOLERANCE_MS = 5_000;
/** Every gateway of a snapshot takes the tokens of the others. */
const AUDIENCE_PREFIX = 'urn:kerege:gateways:';
const MAX_TOKEN_CHARS = 4_096;
/** Wherever in a value it stands, under whatever scheme. */
const JWT = /[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g;

const claims = z.strictObject({
  iss: z.custom<InstanceId>((text) => typeof text === 'string' && registerInstanceId(text).ok),
  aud: z.string(),
  sub: z.string(),
  client_id: z.custom<SubsystemId>((text) => typeof text === 'string' && parseSubsystemId(text).ok),
  /** Thumbprint of the key that the client proved itself with: with it, the token ends. */
  credential: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string(),
});
type Claims = z.infer<typeof claims>;

export interface AccessTokenParts {
  readonly instance: string;
  readonly gateway: InstanceId;
  readonly client: SubsystemId;
  readonly credential: string;
  readonly nowMs: number;
}

/** A token for every gateway of the snapshot, good for five minutes. */
export function makeAccessToken(parts: AccessTokenParts, signer: Signer): Promise<string> {
  const { instance, gateway, client, credential, nowMs } = parts;
  const iat = Math.floor(nowMs / 1000);
  const payload: Claims = {
    iss: gateway,
    aud: `${AUDIENCE_PREFIX}${instance}`,
    sub: client,
    client_id: client,
    credential,
    iat,
    exp: iat + ACCESS_TOKEN_LIFE_S,
    jti: crypto.randomUUID(),
  };
  return signDocument(ACCESS_TOKEN_TYPE, payload, signer);
}

/**
 * Whether a header carries a token that is, or says it is, for the bus's gateways. Only such a one is ours to read and to
 * take away; whatever else stands under `Authorization` is between consumer and agency (`exchange.md` §2.3).
 */
export function isAccessTokenField({ name, value }: HeaderField): boolean {
  return name.toLowerCase() === 'authorization' && (value.match(JWT) ?? []).some(isForGateways);
}

/** The tokens for gateways that a call shows; empty for one that is spelt as no Bearer token is, which is none to believe. */
export function shownTokens(headers: readonly HeaderField[]): string[] {
  return headers.filter(isAccessTokenField).map(({ value }) => bearerOf(value) ?? '');
}

function bearerOf(value: string): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(value.trim())?.[1];
}

function isForGateways(token: string): boolean {
  const aud = unverified(token)?.['aud'];
  return typeof aud === 'string' && aud.startsWith(AUDIENCE_PREFIX);
}

function unverified(token: string): Record<string, unknown> | undefined {
  const encoded = token.split('.', 2)[1];
  if (encoded === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // No JWT: it is somebody else's.
    return undefined;
  }
}

export type TokenReason = 'consumer-unauthenticated' | 'access-token-expired';

/** Reads access tokens. Signatures are checked once, everything that can change is asked of the snapshot each time. */
export class AccessTokens {
  /** Written by `read`: claims of tokens whose signature, by the key that is named beside them, was right. */
  private readonly known = new LRUCache<string, ReadToken>({ max: 10_000 });

  /**
   * Whose token it is. A token that is none, of a gateway that does not serve the client, or whose credential is gone
   * are all the same to the caller; that its time is over, it is told once the signature was found right.
   */
  read(token: string, view: RegistryView, nowMs: number): Result<SubsystemId, TokenReason> {
    const read = this.known.get(token) ?? readToken(token, view);
    if (read === undefined || !isKeyValid(read, view, nowMs)) return refuse('consumer-unauthenticated');
    this.known.set(token, read);
    const { claims: said } = read;
    if (!isSound(said, view, nowMs)) return refuse('consumer-unauthenticated');
    if (said.exp * 1000 <= nowMs) return refuse('access-token-expired');
    const { client_id: client } = said;
    const credential = view.credential(client, said.credential, nowMs);
    return credential?.kind === 'key' ? ok(client) : refuse('consumer-unauthenticated');
  }
}

interface ReadToken {
  readonly kid: string;
  readonly claims: Claims;
}

function isKeyValid({ kid, claims: { iss } }: ReadToken, view: RegistryView, nowMs: number): boolean {
  const key = view.keyOf(iss, kid);
  return key?.use === 'sign' && key.fromMs <= nowMs && nowMs < key.untilMs;
}

function isSound({ iss, aud, sub, client_id: client, iat, exp }: Claims, view: RegistryView, nowMs: number): boolean {
  return (
    aud === `${AUDIENCE_PREFIX}${view.instance}` &&
    sub === client &&
    exp - iat <= ACCESS_TOKEN_LIFE_S &&
    iat * 1000 <= nowMs + CLOCK_TOLERANCE_MS &&
    serves(view, iss, client)
  );
}

function readToken(token: string, view: RegistryView): ReadToken | undefined {
  if (token.length > MAX_TOKEN_CHARS) return undefined;
  const said = claims.safeParse(unverified(token));
  const kid = documentKid(ACCESS_TOKEN_TYPE, token);
  const key = said.success && kid !== undefined ? view.keyOf(said.data.iss, kid) : undefined;
  if (kid === undefined || key === undefined || view.instanceEntry(key.owner as InstanceId)?.kind !== 'gateway')
    return undefined;
  const signed = verifyDocument(ACCESS_TOKEN_TYPE, token, key.jwk);
  const parsed = signed.ok ? claims.safeParse(signed.value) : undefined;
  return parsed?.success === true ? { kid, claims: parsed.data } : undefined;
}
