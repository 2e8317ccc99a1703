import type { CaseNotice, CaseRecord, CaseSignal, ContentOutline, Deadline, OwnerAct } from '#corrections';
import type { StatementType } from '#signing';
import type { EpochTag } from '../key-store/tag.js';

/** A flag that is out: `told` names whose connector was told of which element (`holder element`). */
export interface Dispute {
  readonly sinceMs: number;
  readonly told: readonly string[];
}

/** What was said when a case was filed, beside what its state machine must know. */
export interface CaseDetails {
  /** Registered endpoint of the answer in which the datum was seen. */
  readonly endpoint: string;
  /** In which the person reads: az, ky, kk, ru, en. */
  readonly language: string;
  /** Digests of what was sent to the owner; never a value. */
  readonly outline: ContentOutline;
  /** A mass correction of its owner: about a batch of data, and nobody by name (`corrections.md` §7). */
  readonly isMass?: true;
  /** Of a part: the case that it was split from. */
  readonly parentId?: string;
  /** While the datum is flagged: since when, ms, and who was told of what. */
  readonly dispute?: Dispute | undefined;
  /** By `seq`: acts whose statement has their salted digest. */
  readonly acts?: OpenedActs;
  /** `seq` of the transition by which recipients were told last. */
  readonly toldSeq?: number;
  /** What the portal's gateway saw when it asked again after the last correction; `seq` of its statement. */
  readonly verification?: { readonly seq: number; readonly isMatch: boolean } | undefined;
  /** Of a case that is to be split: its parts as the portal filed them. */
  readonly parts?: readonly {
    readonly correctionId: string;
    readonly owner: string;
    readonly items: readonly number[];
  }[];
}

/** What an owner has said, so that the person can check the digest that stands in the log. */
export type OpenedActs = Readonly<Record<string, OwnerAct>>;

/** A transition whose statement is on its way into the log; nothing of it counts yet. */
export interface PendingStep {
  readonly record: CaseRecord;
  readonly deadlines: readonly Deadline[];
  readonly type: StatementType;
  readonly why?: string;
  readonly dueMs?: number;
  /** `ts` of the statement. */
  readonly atMs: number;
  readonly told: readonly CaseNotice[];
  readonly signals: readonly CaseSignal[];
  /** Under which id what the actor sealed for the other side is delivered. */
  readonly contentId?: string;
  readonly act?: OwnerAct;
  /** Who was told of the flag that begins with it: `told` of the dispute. */
  readonly flagged?: readonly string[];
}

/** A case as its row has it. */
export interface KeptCase {
  readonly id: string;
  readonly record: CaseRecord;
  readonly deadlines: readonly Deadline[];
  readonly details: CaseDetails;
  readonly person: EpochTag;
  readonly keyId: Buffer;
  /** `keepSubject`, under the person's data key. */
  readonly subjectEnc: Buffer;
  readonly contentId: string;
  /** For `record.owner`; undefined once nobody is to read it any more. */
  readonly sealed: Buffer | undefined;
  readonly pending: (PendingStep & { readonly leaf: Buffer; readonly sealed: Buffer | undefined }) | undefined;
  /** The log holds a transition that was never judged here: nothing goes on until the operator has looked. */
  readonly isAstray: boolean;
  readonly filedMs: number;
  /** When it is to be looked at next; undefined: never, unless something happens. */
  readonly workMs: number | undefined;
}
