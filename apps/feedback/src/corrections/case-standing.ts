import type { CaseDecision, CaseItem, CaseKind, CaseState, Deadline } from '#corrections';
import type { KeptCase } from './kept-case.js';
import { wordedSteps } from './own-words/worded.js';

export interface ShownDeadline {
  readonly clock: string;
  readonly startedAt: string;
  /** Absent while the clock stands. */
  readonly dueAt?: string;
  readonly pausedMs: number;
  readonly isExtended: boolean;
  /** The rule that gives the term. */
  readonly citation: string;
}

/** A case as its parties see it: the log's word, and nothing that is sealed. */
export interface CaseStanding {
  readonly id: string;
  readonly publicNumber: string;
  readonly kind: CaseKind;
  readonly state: CaseState;
  readonly profile: string;
  readonly portal: string;
  readonly owner: string;
  readonly service: string;
  readonly endpoint: string;
  readonly exchangeId?: string;
  readonly items: readonly CaseItem[];
  /** Salted digest of the request: receipts are over it. */
  readonly requestDoc?: string;
  readonly isDisputed: boolean;
  readonly isExtended: boolean;
  readonly isEscalated: boolean;
  /** Of the last transition that stands in the log, and its leaf hash, base64url; 0 while none does. */
  readonly seq: number;
  readonly leaf?: string;
  /** Another transition is on its way into the log. */
  readonly isMoving: boolean;
  readonly filedAt: string;
  readonly deadlines: readonly ShownDeadline[];
  readonly decision?: CaseDecision;
  readonly correctedFrom?: string;
  /** The owner has said something in its own words; only the portal's gateway opens it. */
  readonly hasOwnWords?: true;
  /** Whether the portal's gateway has seen the new values since; absent: it has not looked yet. */
  readonly isVerified?: boolean;
  /** Ids of the cases that this one was split into, or will be. */
  readonly parts: readonly string[];
  readonly partOf?: string;
  readonly duplicates: readonly string[];
}

export function standingOfCase({ id, record, deadlines, details, pending, filedMs }: KeptCase): CaseStanding {
  const { kind, state, profile, portal, owner, service, items, isDisputed, isExtended, isEscalated, seq } = record;
  const { publicNumber, exchangeId, requestDoc, leaf, decision, correction, duplicates } = record;
  // Who completes a family that broke off has to know which parts the whole was filed with.
  const parts = record.parts.length > 0 ? record.parts : (details.parts ?? []);
  return {
    ...{ id, publicNumber, kind, state, profile, portal, owner, service, endpoint: details.endpoint, items },
    ...(exchangeId === undefined ? {} : { exchangeId }),
    ...(requestDoc === undefined ? {} : { requestDoc }),
    ...{ isDisputed, isExtended, isEscalated, seq, isMoving: pending !== undefined },
    ...(leaf === undefined ? {} : { leaf }),
    filedAt: instant(filedMs),
    deadlines: deadlines.filter(({ stoppedAt }) => stoppedAt === undefined).map(shownDeadline),
    ...(decision === undefined ? {} : { decision }),
    ...(correction === undefined ? {} : { correctedFrom: instant(correction.effectiveFromMs) }),
    ...(wordedSteps(details).size === 0 ? {} : { hasOwnWords: true as const }),
    ...(details.verification === undefined ? {} : { isVerified: details.verification.isMatch }),
    parts: parts.map(({ correctionId }) => correctionId),
    ...(details.parentId === undefined ? {} : { partOf: details.parentId }),
    duplicates,
  };
}

function shownDeadline({ kind, startedAt, dueAt, pausedAt, pausedMs, extended, citation }: Deadline): ShownDeadline {
  return {
    clock: kind,
    startedAt: instant(startedAt),
    ...(pausedAt === undefined ? { dueAt: instant(dueAt) } : {}),
    ...{ pausedMs, isExtended: extended, citation },
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
