import type {
  AccessPayload,
  ConcealmentPayload,
  FailedPayload,
  RefusedPayload,
  StatementPayload,
} from './statement-payload.js';

/** Whose key signed, in relation to the statement: its consumer, its provider, or an instance of that kind. */
export type SignerRole = 'from' | 'to' | 'audit' | 'registry' | 'gateway' | 'feedback';

/** `(log, id, slot, signer)` is unique; `-` is no slot: such a leaf stands by its own id (`statements.md` §2). */
export type Slot = 'c0' | 'c1' | 'p1' | 'b1' | '-';

/**
 * The slot that this statement takes when a key of that role signed it, or undefined if that role may not sign it so.
 * The one place where the signer column of `statements.md` §2 is written down.
 */
export function slotFor(payload: StatementPayload, signerIs: SignerRole): Slot | undefined {
  if (isOfAudit(payload)) return only(signerIs === 'audit', '-');
  switch (payload.t) {
    case 'exchange.requested':
      return only(signerIs === 'from', 'c0');
    case 'exchange.answered':
      return only(signerIs === 'to', 'p1');
    case 'exchange.refused':
      return slotOfRefusal(payload, signerIs);
    case 'exchange.failed':
      return slotOfFailure(payload, signerIs);
    case 'registry.manifest':
      return only(signerIs === 'registry', '-');
    case 'refusals':
      return only(signerIs === 'gateway', '-');
    case 'access.concealment':
      return slotOfConcealment(payload, signerIs);
    case 'question.answered':
      return only(signerIs === 'to', '-');
    case 'question.asked':
    case 'erasure':
    case 'subject.compromised':
    case 'link.granted':
    case 'link.revoked':
      return only(signerIs === 'feedback', '-');
  }
}

/** What audit alone states, about its log and its readers. */
type OfAudit = AccessPayload | Extract<StatementPayload, { t: (typeof OF_AUDIT)[number] }>;
const OF_AUDIT = ['exchange.conflict', 'anchor.tsr', 'log.unwitnessed', 'log.closed', 'log.opened'] as const;

function isOfAudit(payload: StatementPayload): payload is OfAudit {
  if (payload.t === 'access.concealment') return false;
  return payload.t.startsWith('access.') || OF_AUDIT.some((type) => type === payload.t);
}

/** The provider refuses a request that was made; the consumer's gateway one that never was. */
function slotOfRefusal({ prev }: RefusedPayload, signerIs: SignerRole): Slot | undefined {
  if (signerIs === 'to') return only(prev !== undefined, 'p1');
  return only(signerIs === 'from' && prev === undefined, 'c1');
}

/** The authority orders; who runs the bus signs after it. */
function slotOfConcealment({ prev }: ConcealmentPayload, signerIs: SignerRole): Slot | undefined {
  return only(signerIs === (prev === undefined ? 'from' : 'to'), '-');
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
