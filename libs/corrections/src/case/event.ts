import type { ExchangeId, ServiceId, SubsystemId } from '#kernel';
import type {
  DecisionReason,
  ExtensionReason,
  QuestionCode,
  RecipientAction,
  RecipientReason,
  ReopeningReason,
  TransferReason,
} from '#signing';
import type { ClockKind, ClockStep } from '../clock-command.js';
import type { CaseOutcome, CasePart } from './record.js';
import type { CaseState } from './state.js';

/**
 * Who acts. That they are who they say (key, assertion, session) was found out before; here it is decided what they may.
 * `mayAct`: the citizen of the portal's assertion is the case's subject or represents them, now.
 */
export type CaseActor =
  | { readonly role: 'portal'; readonly subsystem: SubsystemId; readonly mayAct: boolean }
  | { readonly role: 'owner' | 'recipient'; readonly subsystem: SubsystemId }
  | { readonly role: 'feedback' | 'operator' | 'supervisor' };

/** What was found out about a request before it may be filed (`corrections.md` §6, 1). */
export interface FilingFacts {
  readonly isExchangeOfSubject: boolean;
  /** Elements of the items that the service's answers do not have. */
  readonly unknownElements: readonly string[];
  readonly isSignatureValid: boolean;
  /** An open case of this person about the same items. */
  readonly duplicateOf?: string;
  /** Whether this person has as many open disputes about one of the elements as are allowed. */
  readonly isAtDisputeLimit: boolean;
}

/** A mass correction, as far as it answers other cases. `outcome`: of its decision, as it stands; a reopened one has none. */
export interface MassAnswer {
  readonly correctionId: string;
  readonly owner: SubsystemId;
  readonly service: ServiceId;
  /** Of its items. */
  readonly elements: readonly string[];
  readonly outcome: CaseOutcome | undefined;
}

/** `doc` is always what the statement's `doc` will be: a digest over what the actor signed, made by the actor. */
interface WithDoc {
  readonly doc: string;
}

interface CaseEventData {
  submit: WithDoc & { readonly facts: FilingFacts };
  /** `isOwnerActive`: of the owner, or of whom it is transferred to. */
  route: { readonly isOwnerActive: boolean };
  /** A composite answer has several owners: a case for each. */
  split: WithDoc & { readonly parts: readonly CasePart[] };
  /** `receiptOver` is the request digest that the owner's system signed. */
  receive: { readonly receiptOver: string };
  start: object;
  /** `isAcceptedByTarget`: the registry's rule says that the target takes this element. */
  transfer: { readonly target: SubsystemId; readonly reason: TransferReason; readonly isAcceptedByTarget: boolean };
  /** `isMass`: the case is a mass correction itself. */
  'request-info': WithDoc & { readonly question: QuestionCode; readonly isMass: boolean };
  'provide-info': WithDoc & { readonly isSignatureValid: boolean };
  /** The citizen's term to answer has passed. */
  'lapse-info': object;
  /** `isAllowed`: the law of the case has an extension of the term; `extended` of the terms does not say `no-extension`. */
  extend: { readonly reason: ExtensionReason | undefined; readonly isAllowed: boolean };
  decide: WithDoc & {
    readonly outcome: CaseOutcome;
    readonly reasonCode: DecisionReason | undefined;
    readonly legalRef: string | undefined;
    readonly remedies: readonly string[];
    readonly accepted: readonly number[];
    readonly isSignatureValid: boolean;
    readonly preparedBy?: string;
    readonly approvedBy: string;
  };
  /** The owner's mass correction answers this case too. `isMass`: the case is one itself. `mass`: undefined: there is none. */
  join: WithDoc & {
    readonly isMass: boolean;
    readonly mass: MassAnswer | undefined;
    readonly legalRef: string | undefined;
  };
  correct: WithDoc & {
    readonly values: readonly { readonly item: number; readonly newValueHash: string }[];
    readonly effectiveFromMs: number | undefined;
  };
  /** `doc` is the recipients root. */
  propagate: WithDoc & {
    readonly recipients: readonly { readonly subsystem: SubsystemId; readonly lastExchangeId: ExchangeId }[];
  };
  acknowledge: WithDoc & { readonly action: RecipientAction; readonly reason?: RecipientReason };
  /** The portal's gateway asked the service again: whether every corrected item has the new value's hash. */
  verify: WithDoc & { readonly isMatch: boolean };
  /** `doc` is the recipients root if there were recipients; `partStates` by id, of a split case. */
  close: { readonly doc?: string; readonly partStates?: Readonly<Record<string, CaseState>> };
  withdraw: object;
  reopen: { readonly reason: ReopeningReason; readonly doc?: string };
  /** A clock passed one of its steps. */
  tick: { readonly clock: ClockKind; readonly step: ClockStep };
  /** A subsystem that is a party of the case passed to another (E56). */
  succeed: { readonly former: SubsystemId; readonly successor: SubsystemId };
  /** A later request for the same was filed. */
  link: WithDoc & { readonly duplicateId: string };
}

export type CaseEventType = keyof CaseEventData;
export type CaseEventOf<T extends CaseEventType> = {
  [K in T]: { readonly type: K; readonly by: CaseActor } & Readonly<CaseEventData[K]>;
}[T];
/** Everything that can happen to a case. Narrow it by `type`. */
export type CaseEvent = CaseEventOf<CaseEventType>;
