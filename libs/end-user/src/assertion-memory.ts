import { refuse, type Result } from '#kernel';
import type { Issuer } from '#snapshot';
import { assertionForm, type Assertion, type AssertionReason, type MandateReason } from './assertion.js';
import { CheckedTokens } from './checked-tokens.js';
import { evictBeyond } from './evict-beyond.js';
import { mandateForm, type Mandate } from './mandate.js';
import { importIssuerKey, type IssuerKey, type KeySource } from './signed-token.js';

export interface MemoryLimits {
  /** Assertions whose signature need not be checked again, and as many mandates. */
  readonly checked: number;
  /** Assertions for several consumers, of which the first that shows one owns it. */
  readonly owned: number;
}

const LIMITS: MemoryLimits = { checked: 10_000, owned: 100_000 };

/**
 * What one process remembers of assertions and mandates: signatures that it has checked, so that the calls of one page
 * cost one check, and who owns an assertion that names several consumers. Nothing of it outlives the process or its
 * issuers' entry in the snapshot, and nothing of it is the token itself.
 */
export class AssertionMemory {
  /** The issuers by whose keys everything here was checked; replaced by a reading, with all that rests on it. */
  private issuers: readonly Issuer[] = [];
  private readonly keys = new Map<string, Promise<IssuerKey | undefined>>();
  /** By issuer; made when the first mandate of one is judged. */
  private readonly revoked = new Map<Issuer, ReadonlySet<string>>();
  private readonly assertions: CheckedTokens<Assertion['claims']>;
  private readonly mandates: CheckedTokens<Mandate['claims']>;
  /** By issuer and `jti`, in the order of the first showing. */
  private readonly owners = new Map<string, { readonly consumer: string; readonly untilMs: number }>();

  constructor(private readonly limits: MemoryLimits = LIMITS) {
    this.assertions = new CheckedTokens(assertionForm, limits.checked);
    this.mandates = new CheckedTokens(mandateForm, limits.checked);
  }

  /** Form and signature of an assertion. */
  async read(token: string, issuers: readonly Issuer[]): Promise<Result<Assertion, AssertionReason>> {
    this.follow(issuers);
    const read = await this.assertions.read(token, issuers, this.keyOf);
    return read.ok ? read : refuse(`end-user-${read.reason}` as const);
  }

  /** Form and signature of a mandate. */
  async readMandate(token: string, issuers: readonly Issuer[]): Promise<Result<Mandate, MandateReason>> {
    this.follow(issuers);
    const read = await this.mandates.read(token, issuers, this.keyOf);
    return read.ok ? read : refuse(`mandate-${read.reason}` as const);
  }

  /** Whether a mandate of this register ended before its time. */
  readonly isRevoked = (issuer: Issuer, id: string): boolean => {
    const known = this.revoked.get(issuer) ?? new Set(issuer.mandates?.revoked);
    this.revoked.set(issuer, known);
    return known.has(id);
  };

  /**
   * Whether the consumer may show it. Which names one consumer only cannot be shown by another, so only the others are
   * remembered. When more are on the way than fit, the oldest is forgotten: issuers' tokens only come here.
   */
  isOwner({ claims }: Assertion, consumer: string, nowMs: number): boolean {
    if (claims.aud.length === 1) return true;
    const name = JSON.stringify([claims.iss, claims.jti]);
    const owner = this.owners.get(name);
    if (owner !== undefined && nowMs < owner.untilMs) return owner.consumer === consumer;
    this.owners.delete(name);
    this.owners.set(name, { consumer, untilMs: claims.exp * 1000 });
    evictBeyond(this.owners, this.limits.owned);
    return true;
  }

  private readonly keyOf: KeySource = (issuer, kid) => {
    const name = JSON.stringify([issuer.issuer, kid]);
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = importIssuerKey(issuer, kid);
    // Names that no issuer published come from anybody's tokens and would fill the map.
    if (issuer.keys.some((published) => published.kid === kid)) this.keys.set(name, key);
    return key;
  };

  private follow(issuers: readonly Issuer[]): void {
    if (issuers === this.issuers) return;
    this.issuers = issuers;
    this.keys.clear();
    this.revoked.clear();
    this.assertions.forget();
    this.mandates.forget();
  }
}
