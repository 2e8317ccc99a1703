import { ok, refuse, type InstanceId, type Result, type SubsystemId } from '#kernel';
import type { Rights } from '../rights/rights.js';
import { claimedClient, servedSubsystem } from './claimed-client.js';
import {
  ConsumerAuthenticator,
  isOnLoopback,
  type AuthenticationReason,
  type Credentials,
  type Objection,
} from './consumer-authenticator.js';

/**
 * Believes `X-Road-Client`. That is no authentication at all but for where it listens: on loopback, everybody who can
 * connect runs on this machine already (`sandbox.md` §2).
 */
export class HeaderAuthenticator extends ConsumerAuthenticator {
  readonly trustsLoopback = true;

  constructor(
    private readonly rights: Rights,
    private readonly gateway: InstanceId,
  ) {
    super();
  }

  authenticate(credentials: Pick<Credentials, 'headers'>): Promise<Result<SubsystemId, AuthenticationReason>> {
    return Promise.resolve(this.find(credentials));
  }

  objectionTo(host: string): Objection | undefined {
    return isOnLoopback(host) ? undefined : 'consumers-unprotected';
  }

  private find({ headers }: Pick<Credentials, 'headers'>): Result<SubsystemId, AuthenticationReason> {
    const claimed = claimedClient(headers);
    if (!claimed.ok) return claimed;
    const view = this.rights.current();
    if (view === undefined) return refuse('registry-expired');
    const subsystem = servedSubsystem(view, this.gateway, claimed.value);
    return subsystem === undefined ? refuse('client-unknown') : ok(subsystem);
  }
}
