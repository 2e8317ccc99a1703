import type { Result, SubsystemId } from '#kernel';

/** What a caller shows of itself. */
export interface Credentials {
  /** In arrival order, as they came. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export type AuthenticationReason = 'registry-expired' | 'client-missing' | 'client-malformed' | 'client-unknown';

/**
 * Finds out which subsystem is calling. An implementation trusts nothing but what it has checked itself, answers only
 * with subsystems that this gateway serves in the snapshot of the moment, and keeps nothing between calls.
 */
export abstract class ConsumerAuthenticator {
  /** Whether callers are believed only because no other machine can connect: then web pages must be kept out. */
  abstract readonly trustsLoopback: boolean;
  abstract authenticate(credentials: Credentials): Promise<Result<SubsystemId, AuthenticationReason>>;
  /** Undefined if consumers are safe with this authenticator on that address; else the gateway must not start. */
  abstract objectionTo(host: string): 'consumers-unprotected' | undefined;
}
