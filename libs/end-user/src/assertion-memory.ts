import { sha256, type Result } from '#kernel';
import type { Issuer } from '#snapshot';
import { importIssuerKey, readAssertion, type Assertion, type AssertionReason, type IssuerKey } from './assertion.js';

export interface MemoryLimits {
  /** Assertions whose signature need not be checked again. */
  readonly checked: number;
  /** Assertions for several consumers, of which the first that shows one owns it. */
  readonly owned: number;
}

const LIMITS: MemoryLimits = { checked: 10_000, owned: 100_000 };

type Reading = Promise<Result<Assertion, AssertionReason>>;

/**
 * What one process remembers of assertions: signatures that it has checked, so that the calls of one page cost one
 * check, and who owns an assertion that names several consumers. Nothing of it outlives the process or its issuers'
 * entry in the snapshot, and nothing of it is the token itself.
 */
export class AssertionMemory {
  /** The issuers by whose keys everything here was checked; replaced by `read`, with all that rests on it. */
  private issuers: readonly Issuer[] = [];
  private readonly keys = new Map<string, Promise<IssuerKey | undefined>>();
  /** By SHA-256 of the token, least recently shown first. */
  private readonly readings = new Map<string, Reading>();
  /** By issuer and `jti`, in the order of the first showing. */
  private readonly owners = new Map<string, { readonly consumer: string; readonly untilMs: number }>();

  constructor(private readonly limits: MemoryLimits = LIMITS) {}

  /** Form and signature of a token; what was refused is not remembered. */
  async read(token: string, issuers: readonly Issuer[]): Reading {
    if (issuers !== this.issuers) this.forget(issuers);
    const name = sha256(token).toString('base64url');
    const known = this.readings.get(name);
    this.readings.delete(name);
    const reading = known ?? readAssertion(token, issuers, (issuer, kid) => this.keyOf(issuer, kid));
    this.readings.set(name, reading);
    evictBeyond(this.readings, this.limits.checked);
    const read = await reading;
    if (!read.ok && this.readings.get(name) === reading) this.readings.delete(name);
    return read;
  }

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

  private keyOf(issuer: Issuer, kid: string): Promise<IssuerKey | undefined> {
    const name = JSON.stringify([issuer.issuer, kid]);
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = importIssuerKey(issuer, kid);
    // Names that no issuer published come from anybody's tokens and would fill the map.
    if (issuer.keys.some((published) => published.kid === kid)) this.keys.set(name, key);
    return key;
  }

  private forget(issuers: readonly Issuer[]): void {
    this.issuers = issuers;
    this.keys.clear();
    this.readings.clear();
  }
}

function evictBeyond(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
