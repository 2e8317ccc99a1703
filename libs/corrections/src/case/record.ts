import type { ExchangeId, ServiceId, SubsystemId } from '#kernel';
import type { DecisionReason, RecipientAction, RecipientReason } from '#signing';
import type { ClockInstants, ClockKind, ClockStep } from '../clock-command.js';
import type { CaseState } from './state.js';

export type CaseKind = 'ERROR' | 'MISSING' | 'OUTDATED' | 'NOT_MINE' | 'CHANGE' | 'DUPLICATE' | 'COPY_STALE';

/** One doubted datum. Values never get here: feedback is run by the operator (`corrections.md` §3). */
export interface CaseItem {
  /** Absent where the service's answer names no registered element: free text to the service's owner. */
  readonly elementId?: string;
  readonly jsonPointer: string;
  /** Salted digest of the doubted value; absent where something is missing. */
  readonly doubtedHash?: string;
  /** Since when it is wrong; absent if the person does not say. */
  readonly asOfMs?: number;
}

export type CaseOutcome = 'ACCEPTED' | 'PARTIALLY_ACCEPTED' | 'REJECTED';

export interface CaseDecision {
  readonly outcome: CaseOutcome;
  readonly reasonCode: DecisionReason;
  readonly legalRef: string;
  /** Codes of where and until when one may complain. */
  readonly remedies: readonly string[];
  /** Places in `items` that are to be corrected. */
  readonly accepted: readonly number[];
}

/** What the owner changed: a digest for each accepted item, and from when the new values hold. */
export interface CaseCorrection {
  readonly values: readonly { readonly item: number; readonly newValueHash: string }[];
  /** Negative before 1970. */
  readonly effectiveFromMs: number;
}

/** A member that got a doubted value. Which ones: `corrections.md` §6. */
export interface CaseRecipient {
  readonly subsystem: SubsystemId;
  readonly lastExchangeId: ExchangeId;
  readonly action?: RecipientAction;
  readonly reason?: RecipientReason;
  readonly ackAtMs?: number;
}

/** A request that a composite case was split into; the case itself closes last. */
export interface CasePart {
  readonly correctionId: string;
  readonly owner: SubsystemId;
  /** Places in the `items` of the whole. */
  readonly items: readonly number[];
}

/** What the state machine must know of a case (`corrections.md` §4). Immutable; every change is a new one. */
export interface CaseRecord {
  readonly correctionId: string;
  readonly publicNumber: string;
  readonly kind: CaseKind;
  readonly profile: string;
  /** Of the profile: whether who approves a decision must be another person than who prepared it. */
  readonly needsTwoPersons: boolean;
  readonly state: CaseState;
  /** `from` of every statement: the portal that filed; of a mass correction the owner itself. */
  readonly portal: SubsystemId;
  /** `to` of every statement: who owns the datum, as far as is known. */
  readonly owner: SubsystemId;
  /** To whom it is being transferred; the owner from the next routing on. */
  readonly nextOwner: SubsystemId | undefined;
  /** Owners before this one, first to last. */
  readonly hops: readonly SubsystemId[];
  readonly service: ServiceId;
  readonly exchangeId: ExchangeId | undefined;
  readonly items: readonly CaseItem[];
  /** Salted digest of the request as it was filed; receipts are over it. */
  readonly requestDoc: string | undefined;
  /** Of the last transition; 0 before the first. */
  readonly seq: number;
  /** Leaf hash of the last transition's statement; undefined from `advance` until `standing`. */
  readonly leaf: string | undefined;
  readonly isExtended: boolean;
  readonly isEscalated: boolean;
  readonly isDisputed: boolean;
  /** Questions put to the citizen since the case was filed or reopened. */
  readonly questions: number;
  /** Whether the term to decide begins, anew or for the first time, when the owner has received the case. */
  readonly owesDecideClock: boolean;
  /** Whether a transfer has restarted the term to decide; it does so once. */
  readonly isClockRestarted: boolean;
  readonly decision: CaseDecision | undefined;
  readonly correction: CaseCorrection | undefined;
  readonly recipients: readonly CaseRecipient[];
  /** Not empty: a composite case whose parts are cases of their own. */
  readonly parts: readonly CasePart[];
  /** The mass correction that answered it. */
  readonly massId: string | undefined;
  /** Later requests for the same that were linked to this one. */
  readonly duplicates: readonly string[];
  /** Clocks that were started and not stopped, with the last step that was told of each. */
  readonly clocks: Readonly<Partial<Record<ClockKind, ClockStep | 'running'>>>;
  /**
   * When the steps of each clock come: written by who carries out the `ClockCommand`s, before the next `advance`.
   * Without it nothing is in time: an extension is refused, a window is closed, a term has not passed.
   */
  readonly due: Readonly<Partial<Record<ClockKind, ClockInstants>>>;
}

export type CaseDraft = Pick<
  CaseRecord,
  'correctionId' | 'publicNumber' | 'kind' | 'profile' | 'needsTwoPersons' | 'portal' | 'owner' | 'service' | 'items'
> & { readonly exchangeId?: ExchangeId };

/** A case before it is filed. */
export function draftCase(draft: CaseDraft): CaseRecord {
  return {
    exchangeId: undefined,
    ...draft,
    state: 'DRAFT',
    nextOwner: undefined,
    hops: [],
    requestDoc: undefined,
    seq: 0,
    leaf: undefined,
    isExtended: false,
    isEscalated: false,
    isDisputed: false,
    questions: 0,
    owesDecideClock: true,
    isClockRestarted: false,
    decision: undefined,
    correction: undefined,
    recipients: [],
    parts: [],
    massId: undefined,
    duplicates: [],
    clocks: {},
    due: {},
  };
}
