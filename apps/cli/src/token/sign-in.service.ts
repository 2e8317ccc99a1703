import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PrivateJwk } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { ask, parseJson, problemText, type HttpAnswer } from '../terminal/json-client.service.js';
import { fillIn } from './sandbox-browser.service.js';
import { CLIENT_ASSERTION_TYPE, clientAssertion } from './client-assertion.js';

export interface SignInOptions {
  /** URL of the sandbox's identity provider. */
  readonly issuer: string;
  /** Whose client signs them in, and its key. */
  readonly subsystem: string;
  readonly key: PrivateJwk;
  /** Code of the test identity. */
  readonly person: string;
  readonly level: string;
}

const CALLBACK = 'http://127.0.0.1/callback';

const discovery = z.object({ issuer: z.string(), authorization_endpoint: z.url(), token_endpoint: z.url() });
const tokens = z.object({ access_token: z.string() });

/**
 * Signs a test identity in at the sandbox as a browser and a portal's backend do together: authorization code with PKCE,
 * the page filled in, the code redeemed with the subsystem's own key. Works only where people have no passwords.
 */
export async function signIn(options: SignInOptions): Promise<string> {
  const { issuer, subsystem, person, level } = options;
  const found = discovery.safeParse(
    await jsonOf(ask(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`)),
  );
  if (!found.success) throw refused('this is no OpenID Connect issuer');
  const verifier = randomBytes(32).toString('base64url');
  const state = randomUUID();
  const start = new URL(found.data.authorization_endpoint);
  start.search = new URLSearchParams({
    client_id: subsystem,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: CALLBACK,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const back = await fillIn(start, { person, level });
  const code = back.searchParams.get('code');
  if (back.href.split('?')[0] !== CALLBACK || code === null || back.searchParams.get('state') !== state)
    throw refused(back.searchParams.get('error_description') ?? 'the sign-in did not end as it should');
  return redeem(options, found.data, { code, verifier });
}

async function redeem(
  { subsystem, key }: SignInOptions,
  { issuer, token_endpoint: endpoint }: z.infer<typeof discovery>,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: subsystem,
    code,
    code_verifier: verifier,
    redirect_uri: CALLBACK,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await clientAssertion(subsystem, issuer, key),
  });
  const answer = tokens.safeParse(await jsonOf(ask(endpoint, { method: 'POST', body })));
  if (!answer.success) throw refused('the answer holds no access token');
  return answer.data.access_token;
}

async function jsonOf(answering: Promise<HttpAnswer>): Promise<unknown> {
  const answer = await answering;
  if (answer.status === 200) return parseJson(answer.body);
  const said = z.object({ error_description: z.string() }).safeParse(parseJson(answer.body));
  throw refused(said.success ? said.data.error_description : problemText(answer));
}

function refused(problem: string) {
  return cliErrors.error('sign-in-refused', { extensions: { problem } });
}
