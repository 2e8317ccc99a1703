import { refuse, type Clock, type InstanceId, type Result, type SubsystemId } from '#kernel';
import type { Rights } from '../rights/rights.js';
import { AccessTokens, shownTokens } from './access-token.js';
import { agreeingClient, serves } from './claimed-client.js';
import {
  ConsumerAuthenticator,
  type AuthenticationReason,
  type Credentials,
  type Objection,
} from './consumer-authenticator.js';

/**
 * Believes an access token of a gateway. A call that shows one stands or falls with it: nothing else that it shows is
 * looked at. Calls without one are the other authenticator's.
 */
export class TokenAuthenticator extends ConsumerAuthenticator {
  private readonly tokens = new AccessTokens();

  constructor(
    private readonly rights: Rights,
    private readonly gateway: InstanceId,
    private readonly clock: Clock,
    private readonly otherwise: ConsumerAuthenticator,
  ) {
    super();
  }

  get trustsLoopback(): boolean {
    return this.otherwise.trustsLoopback;
  }

  async authenticate(credentials: Credentials): Promise<Result<SubsystemId, AuthenticationReason>> {
    const [token, second] = shownTokens(credentials.headers);
    if (token === undefined) return this.otherwise.authenticate(credentials);
    const view = this.rights.current();
    if (view === undefined) return refuse('registry-expired');
    if (second !== undefined) return refuse('consumer-unauthenticated');
    const client = this.tokens.read(token, view, this.clock.now());
    if (!client.ok) return client;
    if (!serves(view, this.gateway, client.value)) return refuse('consumer-unauthenticated');
    return agreeingClient(client.value, credentials.headers, credentials.isXRoad);
  }

  objectionTo(host: string, isEncrypted: boolean): Objection | undefined {
    return this.otherwise.objectionTo(host, isEncrypted);
  }
}
