import type { Result, SubsystemId } from '#kernel';
import type { HeaderField } from './header-fields.js';

/** What a caller shows of itself. */
export interface Credentials {
  /** In arrival order, as they came. */
  readonly headers: readonly HeaderField[];
  /**
   * SHA-256 (hex) of the certificate that the caller holds the key of: valid now, chained to an authority of this
   * gateway's operator and not revoked. Whose it is, the snapshot says.
   */
  readonly certificate?: string | undefined;
  /** `/r1`, where X-Road demands `X-Road-Client` of everybody (`exchange.md` §2.3). */
  readonly isXRoad: boolean;
}

export type AuthenticationReason =
  | 'registry-expired'
  | 'client-missing'
  | 'client-malformed'
  | 'client-unknown'
  | 'consumer-unauthenticated'
  | 'access-token-expired'
  | 'client-disagrees';

export type Objection = 'consumers-unprotected' | 'consumers-in-the-clear';

/**
 * Finds out which subsystem is calling. An implementation trusts nothing but what it has checked itself, answers only
 * with subsystems that this gateway serves in the snapshot of the moment, and keeps nothing between calls.
 */
export abstract class ConsumerAuthenticator {
  /** Whether callers are believed only because no other machine can connect: then web pages must be kept out. */
  abstract readonly trustsLoopback: boolean;
  abstract authenticate(credentials: Credentials): Promise<Result<SubsystemId, AuthenticationReason>>;
  /** Undefined if consumers are safe with this authenticator on that address; else the gateway must not start. */
  abstract objectionTo(host: string, isEncrypted: boolean): Objection | undefined;
}

/** Whether no other machine can connect to that address. */
export function isOnLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
