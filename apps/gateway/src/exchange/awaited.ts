import { bytesEqual } from '#kernel';
import type { Candidate, CandidateReason, Expected } from './candidate.js';
import { leafKey, type CheckedReceipt, type StampRefusal } from './receipts.js';

/** What an exchange has come to after one more record. */
export type Verdict =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'release'; readonly candidate: Candidate }
  | { readonly kind: 'fail'; readonly reason: EndReason };

export type EndReason = CandidateReason | 'receipt-conflict';

/** Why no answer was released by the deadline, as far as the records that came tell. */
export type Missing = 'request-receipt' | 'request-refused' | 'answer' | 'answer-receipt' | 'valid-answer';

const WAITING: Verdict = { kind: 'waiting' };

/**
 * The end of one exchange (`bus.md` §4.6, §4.8): it keeps every checked candidate until a receipt names one, and says
 * *release* only when both leaves are in the log. Records may come in any order, twice, or from somebody else.
 */
export class Awaited {
  /** A provider has one connector group; more than a few different answers are a fault, not a load. */
  private static readonly MAX_CANDIDATES = 8;
  /** Candidates by leaf hash; written by `addCandidate`. */
  private readonly candidates = new Map<string, Candidate>();
  /** Set by `addReceipt`, never cleared. */
  private requestIsLogged = false;
  /** Intake's word against our request; a receipt that comes after all outweighs it. Set by `addRefusal`. */
  private requestIsRefused = false;
  /** Leaf that stands in the provider's slot; the log names only one, ever. */
  private standing: CheckedReceipt | undefined;
  /** Last reason for which a candidate was not kept; tells the client more than a bare time-out. */
  private rejected: CandidateReason | undefined;

  constructor(readonly expected: Expected) {}

  /** A leaf that names this exchange and was found in the log. Leaves of other signers or slots mean nothing here. */
  addReceipt(receipt: CheckedReceipt): Verdict {
    const { consumer, provider, requested } = this.expected;
    if (receipt.slot === 'c0' && receipt.signer === consumer) {
      // Another statement stands in our slot: our key told two stories (`statements.md` §2), or somebody else holds it.
      if (!bytesEqual(receipt.leafHash, requested.leafHash)) return { kind: 'fail', reason: 'receipt-conflict' };
      this.requestIsLogged = true;
    } else if (receipt.slot === 'p1' && receipt.signer === provider) {
      this.standing = receipt;
    }
    return this.verdict();
  }

  /**
   * Intake's word that it will not log a statement of this exchange. Nothing signs that word, so it ends nothing: the
   * wait goes on, and the deadline tells it as the reason.
   */
  addRefusal(refusal: StampRefusal): void {
    if (bytesEqual(refusal.leafHash, this.expected.requested.leafHash)) this.requestIsRefused = true;
  }

  /** A candidate that passed `checkCandidate`. */
  addCandidate(candidate: Candidate): Verdict {
    const key = leafKey(candidate.statement.leafHash);
    if (this.candidates.size < Awaited.MAX_CANDIDATES || this.candidates.has(key)) this.candidates.set(key, candidate);
    return this.verdict();
  }

  /**
   * A candidate that failed a check is dropped, and the wait goes on: whoever can write to our reply topic must not be
   * able to end an exchange. Only an answer that the provider itself signed and that is not what it signed is final.
   */
  reject(reason: CandidateReason): Verdict {
    this.rejected = reason;
    return reason === 'answer-digest' ? { kind: 'fail', reason } : WAITING;
  }

  knows(leafHash: Uint8Array): boolean {
    return this.candidates.has(leafKey(leafHash));
  }

  /** Statements whose stamps are to be sent again, because no receipt has come (`bus.md` §4.2, §4.7). */
  unstamped(): string[] {
    const held = this.standing === undefined ? [...this.candidates.values()].map(({ statement }) => statement.jws) : [];
    return this.requestIsLogged ? held : [this.expected.requested.jws, ...held];
  }

  missing(): Missing {
    if (!this.requestIsLogged) return this.requestIsRefused ? 'request-refused' : 'request-receipt';
    if (this.candidates.size > 0) return 'answer-receipt';
    return this.rejected === undefined ? 'answer' : 'valid-answer';
  }

  get rejection(): CandidateReason | undefined {
    return this.rejected;
  }

  private verdict(): Verdict {
    if (!this.requestIsLogged || this.standing === undefined) return WAITING;
    const candidate = this.candidates.get(leafKey(this.standing.leafHash));
    return candidate === undefined ? WAITING : { kind: 'release', candidate };
  }
}
