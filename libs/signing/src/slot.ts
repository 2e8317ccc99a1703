import type {
  CaseStepPayload,
  CaseSubmittedPayload,
  ConcealmentPayload,
  FailedPayload,
  RefusedPayload,
  StatementPayload,
} from './statement-payload.js';

/** Whose key signed, in relation to the statement: its consumer, its provider, or an instance of that kind. */
export type SignerRole = 'from' | 'to' | 'audit' | 'registry' | 'gateway' | 'feedback';

/**
 * `(log, id, slot, signer)` is unique; `-` is no slot: such a leaf stands by its own id (`statements.md` §2). Of a case
 * `(log, id, s<seq>)` is unique, whoever signs.
 */
export type Slot = 'c0' | 'c1' | 'p1' | 'b1' | CaseSlot | '-';
export type CaseSlot = `s${number}`;

/**
 * The slot that this statement takes when a key of that role signed it, or undefined if that role may not sign it so.
 * The one place where the signer column of `statements.md` §2 is written down.
 */
export function slotFor(payload: StatementPayload, signerIs: SignerRole): Slot | undefined {
  if (isOfOne(payload)) return only(signerIs === OF_ONE[payload.t][0], OF_ONE[payload.t][1]);
  switch (payload.t) {
    case 'exchange.refused':
      return slotOfRefusal(payload, signerIs);
    case 'exchange.failed':
      return slotOfFailure(payload, signerIs);
    case 'access.concealment':
      return slotOfConcealment(payload, signerIs);
    default:
      return slotOfStep(payload, signerIs);
  }
}

/** Types that one role alone signs, with the slot that they take. */
const OF_ONE = {
  'exchange.requested': ['from', 'c0'],
  'exchange.answered': ['to', 'p1'],
  'exchange.conflict': ['audit', '-'],
  'registry.manifest': ['registry', '-'],
  'registry.changed': ['registry', '-'],
  'registry.suspended': ['registry', '-'],
  'anchor.tsr': ['audit', '-'],
  'log.unwitnessed': ['audit', '-'],
  'log.closed': ['audit', '-'],
  'log.opened': ['audit', '-'],
  'access.searched': ['audit', '-'],
  'access.proved': ['audit', '-'],
  'access.exported': ['audit', '-'],
  'access.reported': ['audit', '-'],
  'access.packaged': ['audit', '-'],
  refusals: ['gateway', '-'],
  'question.asked': ['feedback', '-'],
  'question.answered': ['to', '-'],
  erasure: ['feedback', '-'],
  'subject.compromised': ['feedback', '-'],
  'link.granted': ['feedback', '-'],
  'link.revoked': ['feedback', '-'],
  'correction.recipient-acked': ['from', '-'],
} as const satisfies Partial<Record<StatementPayload['t'], readonly [SignerRole, Slot]>>;

type OfOne = Extract<StatementPayload, { t: keyof typeof OF_ONE }>;

function isOfOne(payload: StatementPayload): payload is OfOne {
  return Object.hasOwn(OF_ONE, payload.t);
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

type StepPayload = CaseSubmittedPayload | CaseStepPayload;

/** Who makes which transition of a case: the portal that filed, the owner, feedback (`corrections.md` §6). */
const STEP_SIGNERS: Readonly<Record<StepPayload['t'], readonly SignerRole[]>> = {
  'correction.submitted': ['from'],
  'correction.routed': ['feedback'],
  'correction.split': ['feedback'],
  'correction.received': ['to'],
  'correction.review-started': ['to'],
  'correction.transferred': ['to', 'feedback'],
  'correction.info-requested': ['to'],
  'correction.info-provided': ['from'],
  'correction.info-lapsed': ['feedback'],
  'correction.extended': ['to'],
  'correction.decided': ['to'],
  'correction.joined': ['to'],
  'correction.corrected': ['to'],
  'correction.propagating': ['feedback'],
  'correction.verified': ['from'],
  'correction.closed': ['feedback'],
  'correction.withdrawn': ['from'],
  'correction.reopened': ['from', 'feedback'],
  'correction.deadline-near': ['feedback'],
  'correction.deadline-missed': ['feedback'],
  'correction.escalated': ['feedback'],
  'correction.succeeded': ['feedback'],
  'correction.linked': ['feedback'],
};

function slotOfStep({ t, seq }: StepPayload, signerIs: SignerRole): Slot | undefined {
  return only(STEP_SIGNERS[t].includes(signerIs), `s${seq}`);
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
