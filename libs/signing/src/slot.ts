import type { StatementPayload } from './statement-payload.js';

/** Whose key signed, in relation to the statement: its consumer, its provider, audit's or the registry's instance. */
export type SignerRole = 'from' | 'to' | 'audit' | 'registry';

/** `(log, id, slot, signer)` is unique; `-` is no slot: such a leaf stands by its own id (`statements.md` §2). */
export type Slot = 'c0' | 'c1' | 'p1' | 'b1' | '-';

/**
 * The slot that this statement takes when a key of that role signed it, or undefined if that role may not sign it so.
 * The one place where the signer column of `statements.md` §2 is written down.
 */
export function slotFor(payload: StatementPayload, signerIs: SignerRole): Slot | undefined {
  switch (payload.t) {
    case 'exchange.requested':
      return signerIs === 'from' ? 'c0' : undefined;
    case 'exchange.answered':
      return signerIs === 'to' ? 'p1' : undefined;
    case 'exchange.refused':
      // The provider refuses a request that was made; the consumer's gateway one that never was.
      if (signerIs === 'to') return payload.prev === undefined ? undefined : 'p1';
      return signerIs === 'from' && payload.prev === undefined ? 'c1' : undefined;
    case 'exchange.failed':
      if (signerIs === 'from') return 'c1';
      if (signerIs === 'to') return 'p1';
      return signerIs === 'audit' && payload.why === 'no-outcome' && payload.side === 'unknown' ? 'b1' : undefined;
    case 'exchange.conflict':
      return signerIs === 'audit' ? '-' : undefined;
    case 'registry.manifest':
      return signerIs === 'registry' ? '-' : undefined;
  }
}
