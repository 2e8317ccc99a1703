import { ok, refuse, type Clock, type InstanceId, type Result, type SubsystemId } from '#kernel';
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
 * Believes a certificate that the subsystem named by `X-Road-Client` has pinned in the registry. The name is needed on
 * every path: one certificate may stand for two subsystems, and what somebody else pins must change nothing for its
 * holder. Nobody learns from a refusal whether a subsystem exists.
 */
export class CertificateAuthenticator extends ConsumerAuthenticator {
  readonly trustsLoopback = false;

  constructor(
    private readonly rights: Rights,
    private readonly gateway: InstanceId,
    private readonly clock: Clock,
  ) {
    super();
  }

  authenticate(credentials: Credentials): Promise<Result<SubsystemId, AuthenticationReason>> {
    return Promise.resolve(this.find(credentials));
  }

  objectionTo(host: string, isEncrypted: boolean): Objection | undefined {
    return isEncrypted || isOnLoopback(host) ? undefined : 'consumers-in-the-clear';
  }

  private find({ headers, certificate }: Credentials): Result<SubsystemId, AuthenticationReason> {
    const view = this.rights.current();
    if (view === undefined) return refuse('registry-expired');
    if (certificate === undefined) return refuse('consumer-unauthenticated');
    const claimed = claimedClient(headers);
    if (!claimed.ok) return claimed;
    const subsystem = servedSubsystem(view, this.gateway, claimed.value);
    const pinned = subsystem === undefined ? undefined : view.credential(subsystem, certificate, this.clock.now());
    if (subsystem === undefined || pinned?.kind !== 'certificate') return refuse('consumer-unauthenticated');
    return ok(subsystem);
  }
}
