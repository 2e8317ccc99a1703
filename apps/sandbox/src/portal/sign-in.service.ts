import { decodeJwt, importJWK } from 'jose';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  modifyAssertion,
  PrivateKeyJwt,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import type { PrivateJwk } from '#signing';
import type { Attempt, Session } from './sessions.js';

const ATTEMPT_MS = 10 * 60_000;
const TIMEOUT_S = 10;
const SUBJECT = 'DEMO/PIN';

/** Signs people in at the identity provider: authorization code with PKCE, the portal proving itself with its key. */
export class SignIn {
  private configuration: Promise<Configuration> | undefined;

  constructor(
    private readonly issuerUrl: string,
    private readonly subsystem: string,
    private readonly key: PrivateJwk,
  ) {}

  async begin(redirectUri: string, nowMs: number): Promise<{ readonly url: URL; readonly attempt: Attempt }> {
    const verifier = randomPKCECodeVerifier();
    const state = randomState();
    const url = buildAuthorizationUrl(await this.configured(), {
      redirect_uri: redirectUri,
      scope: 'openid',
      // Who sits at this browser now is asked, whoever is signed in at the provider from before.
      prompt: 'login',
      state,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt: { verifier, state, untilMs: nowMs + ATTEMPT_MS } };
  }

  /** Rejects where the provider did not sign in who began. */
  async end(callback: URL, { verifier, state }: Attempt): Promise<Session> {
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true };
    const tokens = await authorizationCodeGrant(await this.configured(), callback, checks);
    const assertion = tokens.access_token;
    // Read for whom the page may be; the bus checks it.
    const { sub = '', represents, exp = 0 } = decodeJwt<{ represents?: unknown }>(assertion);
    const represented = Array.isArray(represents) ? represents.filter((code) => typeof code === 'string') : [];
    return { assertion, subjects: [sub, ...represented].map((code) => `${SUBJECT}/${code}`), untilMs: exp * 1_000 };
  }

  /** The provider may come up after us, so a failure is not kept. */
  private async configured(): Promise<Configuration> {
    this.configuration ??= this.discover();
    try {
      return await this.configuration;
    } catch (cause) {
      this.configuration = undefined;
      throw cause;
    }
  }

  private async discover(): Promise<Configuration> {
    const { kty, crv, x, d, kid } = this.key;
    const key = await importJWK({ kty, crv, x, d }, 'EdDSA');
    if (!(key instanceof CryptoKey)) throw new TypeError('the signing key is no key of its own');
    // Loopback only: the sandbox has no certificates.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out, and it does
    const options = { execute: [allowInsecureRequests], timeout: TIMEOUT_S };
    // RFC 9864 has a new name for it, which the provider does not know yet.
    const named = { [modifyAssertion]: (header: Record<string, unknown>) => void (header['alg'] = 'EdDSA') };
    return discovery(new URL(this.issuerUrl), this.subsystem, undefined, PrivateKeyJwt({ key, kid }, named), options);
  }
}
