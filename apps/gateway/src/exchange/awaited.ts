import { bytesEqual } from '#kernel';
import type { Candidate, CandidateReason, Expected } from './candidate.js';
import { leafKey, type CheckedReceipt, type StampRefusal } from './receipts.js';

/** What an exchange has come to after one more record. */
export type Verdict =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'release'; readonly candidate: Candidate }
  | { readonly kind: 'fail'; readonly reason: CandidateReason };

/** Why no answer was released by the deadline, as far as the records that came tell. */
export type Missing =
  'request-receipt' | 'request-refused' | 'receipt-conflict' | 'answer' | 'answer-receipt' | 'valid-answer';

const WAITING: Verdict = { kind: 'waiting' };

/**
 * The end of one exchange (`bus.md` §4.6, §4.8): it keeps every checked candidate until a receipt names one, and says
 * *release* only when both leaves are in the log. Records may come in any order, twice, or from somebody else. A path
 * proves that a leaf hash is in the log and nothing beside it: which exchange, slot and signer a receipt names is
 * anybody's word, so a leaf that is not ours decides nothing.
 */
export class Awaited {
  /** A provider has one connector group; more than a few different answers are a fault, not a load. */
  private static readonly MAX_CANDIDATES = 8;
  /** Receipts may come before their answer; one that is forgotten here is asked for again by re-stamping. */
  private static readonly MAX_LOGGED = 16;
  /** Candidates by leaf hash; written by `addCandidate`. */
  private readonly candidates = new Map<string, Candidate>();
  /** Set by `addReceipt`, never cleared. */
  private requestIsLogged = false;
  /** Intake's word against our request; a receipt that comes after all outweighs it. Set by `addRefusal`. */
  private requestIsRefused = false;
  /** A receipt named another leaf for our slot. A hint for the deadline: nothing proves it. Set by `addReceipt`. */
  private requestIsContradicted = false;
  /** Leaves in the log that receipts name for the provider's slot, oldest first; written by `addReceipt`. */
  private readonly logged = new Set<string>();
  /** Last reason for which a candidate was not kept; tells the client more than a bare time-out. */
  private rejected: CandidateReason | undefined;

  constructor(readonly expected: Expected) {}

  /** A leaf that names this exchange and was found in the log. Leaves of other signers or slots mean nothing here. */
  addReceipt(receipt: CheckedReceipt): Verdict {
    const { consumer, provider } = this.expected;
    if (receipt.slot === 'c0' && receipt.signer === consumer) {
      if (this.contradicts(receipt)) this.requestIsContradicted = true;
      else this.requestIsLogged = true;
    } else if (receipt.slot === 'p1' && receipt.signer === provider) {
      this.logged.add(leafKey(receipt.leafHash));
      for (const oldest of this.logged) {
        if (this.logged.size <= Awaited.MAX_LOGGED) break;
        this.logged.delete(oldest);
      }
    }
    return this.verdict();
  }

  /**
   * Whether the receipt says that another statement stands in our slot: our key told two stories (`statements.md` §2),
   * or whoever wrote the record lies.
   */
  contradicts({ slot, signer, leafHash }: CheckedReceipt): boolean {
    const { consumer, requested } = this.expected;
    return slot === 'c0' && signer === consumer && !bytesEqual(leafHash, requested.leafHash);
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
    const held = [...this.candidates].flatMap(([key, { statement }]) => (this.logged.has(key) ? [] : [statement.jws]));
    return this.requestIsLogged ? held : [this.expected.requested.jws, ...held];
  }

  missing(): Missing {
    if (!this.requestIsLogged) return this.missingRequest();
    if (this.candidates.size > 0) return this.logged.size > 0 ? 'receipt-conflict' : 'answer-receipt';
    return this.rejected === undefined ? 'answer' : 'valid-answer';
  }

  get rejection(): CandidateReason | undefined {
    return this.rejected;
  }

  private missingRequest(): Missing {
    if (this.requestIsContradicted) return 'receipt-conflict';
    return this.requestIsRefused ? 'request-refused' : 'request-receipt';
  }

  /** A candidate whose leaf is in the log holds the provider's slot: intake keeps the first and no other. */
  private verdict(): Verdict {
    if (!this.requestIsLogged) return WAITING;
    for (const [key, candidate] of this.candidates) if (this.logged.has(key)) return { kind: 'release', candidate };
    return WAITING;
  }
}
