import { parseSubsystemId, refuse, type InstanceId, type Result, type SubsystemId } from '#kernel';
import type { Rights } from '../rights/rights.js';
import { parseClientIdentifier } from './client-identifier.js';
import { ConsumerAuthenticator, type AuthenticationReason, type Credentials } from './consumer-authenticator.js';

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

  authenticate(credentials: Credentials): Promise<Result<SubsystemId, AuthenticationReason>> {
    return Promise.resolve(this.find(credentials));
  }

  objectionTo(host: string): 'consumers-unprotected' | undefined {
    return isLoopback(host) ? undefined : 'consumers-unprotected';
  }

  private find({ headers }: Credentials): Result<SubsystemId, AuthenticationReason> {
    // Several: the last one wins (`exchange.md` §2.3).
    const claimed = headers.findLast((header) => header.name.toLowerCase() === 'x-road-client')?.value.trim();
    if (claimed === undefined || claimed === '') return refuse('client-missing');
    const client = parseClientIdentifier(claimed);
    if (!client.ok) return client;
    const view = this.rights.current();
    if (view === undefined) return refuse('registry-expired');
    const subsystem = parseSubsystemId(client.value);
    const served = view.instanceEntry(this.gateway)?.serves ?? [];
    if (!subsystem.ok || !served.includes(subsystem.value)) return refuse('client-unknown');
    return view.subsystem(subsystem.value) === undefined ? refuse('client-unknown') : subsystem;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
