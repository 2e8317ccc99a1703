import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  None,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { isLoopbackAddress } from '#platform';
import { cliErrors } from '../cli.errors.js';
import { ask } from '../terminal/json-client.service.js';
import { fillIn } from '../token/sandbox-browser.service.js';
import { listenForCode } from './code-listener.service.js';

export interface OfficerSignIn {
  readonly issuer: string;
  /** As the issuer knows the registry: a public client, whose tokens are for the registry alone. */
  readonly client: string;
  /** A test identity of the sandbox, which needs no browser. */
  readonly person?: string | undefined;
  /** Shows a person where to go. */
  readonly show: (url: string) => void;
}

const TIMEOUT_S = 10;
const PATIENCE_MS = 5 * 60_000;

/** Signs an officer in: authorization code with PKCE in a browser that comes back to a port of this machine. */
export async function signOfficerIn({ issuer, client, person, show }: OfficerSignIn): Promise<string> {
  const listener = await listenForCode();
  try {
    const configuration = await discovered(issuer, client);
    const verifier = randomPKCECodeVerifier();
    const state = randomState();
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: listener.redirectUri,
      scope: 'openid',
      prompt: 'login',
      state,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    if (person === undefined) show(url.href);
    else await ask((await fillIn(url, { person, level: 'high' })).href);
    const callback = await listener.arrived(PATIENCE_MS);
    if (callback === undefined) throw refused('nobody signed in within five minutes');
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true };
    const tokens = await authorizationCodeGrant(configuration, callback, checks).catch((cause: unknown) => {
      throw refused(cause instanceof Error ? cause.message : 'the issuer gives no token');
    });
    return tokens.access_token;
  } finally {
    listener.close();
  }
}

async function discovered(issuer: string, client: string): Promise<Configuration> {
  const url = new URL(issuer);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated so that it stands out; plain HTTP is for an issuer of this machine
  const execute = url.protocol === 'http:' && isLoopbackAddress(url.hostname) ? [allowInsecureRequests] : [];
  try {
    return await discovery(url, client, {}, None(), { execute, timeout: TIMEOUT_S });
  } catch (cause) {
    throw cliErrors.error('server-unreachable', { cause, extensions: { address: url.origin } });
  }
}

function refused(problem: string) {
  return cliErrors.error('sign-in-refused', { extensions: { problem } });
}
