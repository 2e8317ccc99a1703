import { numberOf } from '../citizen.js';

export interface Entitlement {
  readonly benefit: string;
  readonly monthlyAmount: number;
  readonly currency: string;
  readonly until: string;
}

export interface Claim {
  readonly claimId: string;
  readonly benefit: string;
  readonly status: 'received';
}

const BENEFITS = ['child-allowance', 'housing-support', 'disability-pension', 'study-grant'];

export function entitlementsOf(pin: string): Entitlement[] | undefined {
  const number = numberOf(pin);
  if (number === undefined) return undefined;
  return BENEFITS.filter((_, index) => (number + index) % 3 === 0).map((benefit, index) => ({
    benefit,
    monthlyAmount: 100 + ((number * 17 + index * 50) % 400),
    currency: 'DMO',
    until: `${2030 + (number % 5)}-12-31`,
  }));
}

export type ClaimOutcome =
  | { readonly kind: 'filed'; readonly claim: Claim }
  | { readonly kind: 'repeated'; readonly claim: Claim }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'full' };

interface FiledClaim {
  readonly pin: string;
  readonly claim: Claim;
}

/**
 * Claims that must not be filed twice: a repeat with the same key gets the claim that stands. In memory; when it is full
 * it takes no more, for to forget a key would be to file its claim again.
 */
export class ClaimBook {
  private readonly byKey = new Map<string, FiledClaim>();
  /** Every claim ever filed, whatever its key; written by `file`. */
  private filed = 0;

  constructor(private readonly capacity: number) {}

  file(key: string, pin: string, benefit: string): ClaimOutcome {
    const standing = this.byKey.get(key);
    if (standing !== undefined) {
      const same = standing.pin === pin && standing.claim.benefit === benefit;
      return same ? { kind: 'repeated', claim: standing.claim } : { kind: 'key-reused' };
    }
    if (this.byKey.size >= this.capacity) return { kind: 'full' };
    this.filed += 1;
    const claim: Claim = { claimId: `CLM-${String(this.filed).padStart(6, '0')}`, benefit, status: 'received' };
    this.byKey.set(key, { pin, claim });
    return { kind: 'filed', claim };
  }

  claimsOf(pin: string): Claim[] {
    return [...this.byKey.values()].filter((entry) => entry.pin === pin).map((entry) => entry.claim);
  }
}
