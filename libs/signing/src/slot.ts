import type { AccessPayload, FailedPayload, RefusedPayload, StatementPayload } from './statement-payload.js';

/** Whose key signed, in relation to the statement: its consumer, its provider, or an instance of that kind. */
export type SignerRole = 'from' | 'to' | 'audit' | 'registry' | 'gateway';

/** `(log, id, slot, signer)` is unique; `-` is no slot: such a leaf stands by its own id (`statements.md` §2). */
export type Slot = 'c0' | 'c1' | 'p1' | 'b1' | '-';

/**
 * The slot that this statement takes when a key of that role signed it, or undefined if that role may not sign it so.
 * The one place where the signer column of `statements.md` §2 is written down.
 */
export function slotFor(payload: StatementPayload, signerIs: SignerRole): Slot | undefined {
  if (isAccess(payload)) return only(signerIs === 'audit', '-');
  switch (payload.t) {
    case 'exchange.requested':
      return only(signerIs === 'from', 'c0');
    case 'exchange.answered':
      return only(signerIs === 'to', 'p1');
    case 'exchange.refused':
      return slotOfRefusal(payload, signerIs);
    case 'exchange.failed':
      return slotOfFailure(payload, signerIs);
    case 'exchange.conflict':
    case 'anchor.tsr':
    case 'log.unwitnessed':
      return only(signerIs === 'audit', '-');
    case 'log.closed':
    case 'log.opened':
      return only(signerIs === 'audit', '-');
    case 'registry.manifest':
      return only(signerIs === 'registry', '-');
    case 'refusals':
      return only(signerIs === 'gateway', '-');
  }
}

function isAccess(payload: StatementPayload): payload is AccessPayload {
  return payload.t.startsWith('access.');
}

/** The provider refuses a request that was made; the consumer's gateway one that never was. */
function slotOfRefusal({ prev }: RefusedPayload, signerIs: SignerRole): Slot | undefined {
  if (signerIs === 'to') return only(prev !== undefined, 'p1');
  return only(signerIs === 'from' && prev === undefined, 'c1');
}

/** Audit may only say that nobody else has spoken. */
function slotOfFailure({ why, side }: FailedPayload, signerIs: SignerRole): Slot | undefined {
  if (signerIs === 'from') return 'c1';
  if (signerIs === 'to') return 'p1';
  return only(signerIs === 'audit' && why === 'no-outcome' && side === 'unknown', 'b1');
}

function only(holds: boolean, slot: Slot): Slot | undefined {
  return holds ? slot : undefined;
}
