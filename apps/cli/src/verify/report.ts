/** Why evidence is not believed. Closed; each is explained in `docs/errors.md`. */
export type RefusalCode =
  | 'trust-invalid'
  | 'evidence-malformed'
  | 'evidence-not-canonical'
  | 'statement-malformed'
  | 'statement-not-a-sequel'
  | 'statement-signer'
  | 'statement-signature'
  | 'manifest-malformed'
  | 'manifest-digests'
  | 'manifest-signature'
  | 'manifest-order'
  | 'manifest-governing'
  | 'member-not-listed'
  | 'member-key-chain'
  | 'member-document'
  | 'request-digest'
  | 'answer-digest'
  | 'answer-missing'
  | 'answer-body'
  | 'opening'
  | 'proof-malformed'
  | 'proof-inclusion'
  | 'checkpoint-malformed'
  | 'checkpoint-signature'
  | 'log-forked';

export interface Refusal {
  readonly code: RefusalCode;
  /** Which part, e.g. `statements[0]`; names nobody. */
  readonly where: string;
}

export function at(code: RefusalCode, where = 'evidence'): Refusal {
  return { code, where };
}

export type Slot = 'c0' | 'c1' | 'p1' | 'b1';

export interface VerifiedLeaf {
  readonly type: string;
  readonly slot: Slot;
  /** Subsystem or instance whose key signed. */
  readonly signer: string;
  readonly index: number;
  /** Milliseconds by the signer's clock: its claim. */
  readonly claimedAtMs: number;
}

export interface VerifiedPerson {
  readonly kind: 'subject' | 'user';
  readonly country: string;
  readonly type: string;
  readonly code: string;
}

/** What holds, what was checked to say so, and what cannot be known from this file. */
export interface VerificationReport {
  readonly exchangeId: string;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly endpoint: string;
  readonly purpose: string;
  readonly legalBasis: string;
  /** What the client was told (`statements.md` §3); `none` if no outcome is in the evidence. */
  readonly outcome: 'answered' | 'refused' | 'failed' | 'none';
  /** A 2xx answer went out, whatever else was stated. */
  readonly disclosed: boolean;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** Origin of the log in which all leaves stand. */
  readonly log: string;
  readonly leaves: readonly VerifiedLeaf[];
  readonly persons: readonly VerifiedPerson[];
  readonly checked: readonly string[];
  readonly unchecked: readonly string[];
}
