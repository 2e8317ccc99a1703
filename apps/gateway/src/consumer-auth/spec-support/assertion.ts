import { importJWK, SignJWT } from 'jose';
import { algorithmOf, type PrivateJwk } from '#signing';
import { CONSUMER } from '../../exchange/spec-support/build-request.js';
import { ASSERTION_TYPE } from '../token-request.js';
import { TOKEN_ROUTE } from '../token.controller.js';

/** What a spec changes of an assertion that would be right. */
export interface AssertionChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, string | undefined>>;
  readonly key?: PrivateJwk;
}

/** An assertion for that gateway, as an information system makes it. */
export async function assertionFor(
  url: string,
  key: PrivateJwk,
  { claims = {}, header = {}, key: signing = key }: AssertionChanges = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const sound = { iss: CONSUMER, sub: CONSUMER, aud: url, iat, exp: iat + 60, jti: crypto.randomUUID() };
  const alg = algorithmOf(signing) ?? 'EdDSA';
  const { kty, crv, x, y, d } = signing;
  const jwk = y === undefined ? { kty, crv, x, d } : { kty, crv, x, y, d };
  return new SignJWT(present({ ...sound, ...claims }))
    .setProtectedHeader({ ...present({ kid: key.kid, ...header }), alg })
    .sign(await importJWK(jwk, alg));
}

function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly access_token?: string;
    readonly token_type?: string;
    readonly expires_in?: number;
    readonly error?: string;
    readonly error_description?: string;
    readonly code?: string;
  };
}

/** Asks for a token with an assertion; `form` adds or replaces what is sent. */
export async function askToken(
  url: string,
  assertion: string,
  form: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  return postToken(url, {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...form,
  });
}

export async function postToken(url: string, form: Readonly<Record<string, string>> | string): Promise<TokenAnswer> {
  const body = new URLSearchParams(form);
  const answer = await fetch(`${url}${TOKEN_ROUTE}`, { method: 'POST', body });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as TokenAnswer['body'] };
}

/** A fresh token of that gateway. */
export async function tokenOf(url: string, key: PrivateJwk, changes: AssertionChanges = {}): Promise<string> {
  const { body } = await askToken(url, await assertionFor(url, key, changes));
  if (body.access_token === undefined) throw new TypeError(`no token: ${body.code ?? ''}`);
  return body.access_token;
}
