import { ok, refuse, type Clock, type InstanceId, type Result, type SubsystemId } from '#kernel';
import type { PublicJwk, Signer } from '#signing';
import type { RegistryView } from '#snapshot';
import type { Rights } from '../rights/rights.js';
import { ACCESS_TOKEN_LIFE_S, makeAccessToken } from './access-token.js';
import { checkAssertion, type AssertionReason } from './client-assertion.js';
import type { ClientAssertionStore } from './client-assertion.store.js';
import { serves } from './claimed-client.js';
import { parseTokenRequest, type TokenRequestReason } from './token-request.js';

export interface TokenParts {
  readonly rights: Rights;
  readonly gateway: InstanceId;
  readonly clock: Clock;
  readonly used: ClientAssertionStore;
  /** This gateway's own key, if it is both held and published as valid. */
  readonly signer: () => Signer | undefined;
  /** The gateway's URL as its consumers know it: what their assertions must be for. */
  readonly url: () => string;
  readonly failed: (what: string, cause: unknown) => void;
}

export type TokenRefusal =
  TokenRequestReason | AssertionReason | 'assertion-used' | 'tokens-too-many' | 'tokens-unavailable';

/** RFC 6749 §5.1. */
export interface GivenToken {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
}

/**
 * Gives access tokens to subsystems that prove themselves with a key of theirs (OAuth 2.0, `private_key_jwt`). A token is
 * given once for an assertion, never without a row that says so, and never by a key that other gateways would not know.
 */
export class TokenService {
  constructor(private readonly parts: TokenParts) {}

  async give(contentType: string | undefined, body: Uint8Array): Promise<Result<GivenToken, TokenRefusal>> {
    const { rights, gateway, clock } = this.parts;
    const request = parseTokenRequest(contentType, body);
    if (!request.ok) return request;
    const view = rights.current();
    const signer = this.parts.signer();
    if (view === undefined || signer === undefined) return refuse('tokens-unavailable');
    const nowMs = clock.now();
    const assertion = await checkAssertion(request.value.assertion, {
      audience: this.parts.url(),
      nowMs,
      credentialOf: (client, kid) => this.credentialOf(view, client, kid, nowMs),
    });
    if (!assertion.ok) return assertion;
    const { clientId } = request.value;
    const { client, credential } = assertion.value;
    if (clientId !== undefined && clientId !== client) return refuse('assertion-claims');
    const use = await this.use(assertion.value, nowMs);
    if (use !== undefined) return refuse(use);
    const { instance } = view;
    const token = await makeAccessToken({ instance, gateway, client, credential, nowMs }, signer);
    return ok({ access_token: token, token_type: 'Bearer', expires_in: ACCESS_TOKEN_LIFE_S });
  }

  private credentialOf(view: RegistryView, client: SubsystemId, kid: string, nowMs: number): PublicJwk | undefined {
    const credential = serves(view, this.parts.gateway, client) ? view.credential(client, kid, nowMs) : undefined;
    return credential?.kind === 'key' ? credential.jwk : undefined;
  }

  private async use(
    assertion: Parameters<ClientAssertionStore['use']>[0],
    nowMs: number,
  ): Promise<TokenRefusal | undefined> {
    try {
      const use = await this.parts.used.use(assertion, nowMs);
      if (use === 'again') return 'assertion-used';
      return use === 'too-many' ? 'tokens-too-many' : undefined;
    } catch (cause) {
      // The row may be there or not: without knowing, no token leaves.
      this.parts.failed('client-assertion', cause);
      return 'tokens-unavailable';
    }
  }
}
