/** Why evidence is not believed: a closed list, each with what it means. */
const MEANINGS = {
  'trust-invalid': 'trust.json is no trust file, or holds a key that cannot be used',
  'evidence-malformed': 'this is no Evidence v1',
  'evidence-not-canonical': 'the file is not spelled as Evidence v1 is: it was edited or rewritten',
  'statement-malformed': 'a statement is not of a form that may stand here',
  'statement-not-a-sequel': 'the outcome belongs to another request, or to other parties',
  'statement-signer': 'no key in force of a party that may sign this statement made its signature',
  'statement-signature': 'the signature is not by the key that the statement names',
  'manifest-malformed': 'a manifest is no statement of the registry',
  'manifest-digests': 'the digest list is not the one that the manifest names',
  'manifest-signature': 'a manifest is not signed by a registry key of trust.json',
  'manifest-order': 'manifests are out of order, misplaced, or govern nothing here',
  'manifest-governing': 'a statement is not judged by the last manifest before it',
  'member-not-listed': 'a member document is not the one that the manifest names, or is out of order',
  'member-key-chain': 'the keys of a member do not follow one from the other',
  'member-document': 'a member document is not signed by the member’s newest key',
  'request-digest': 'the request is not the one that was signed',
  'answer-digest': 'the answer is not the one that was signed',
  'answer-body': 'the given file is not the body of the answer',
  opening: 'an opening does not open the commitment that it names',
  'proof-malformed': 'a proof is no tlog-proof, or has an extra line',
  'proof-inclusion': 'a leaf does not stand in the tree of its checkpoint',
  'checkpoint-malformed': 'a checkpoint is not by a log of trust.json, or has a signature line that is unknown',
  'checkpoint-signature': 'a checkpoint is not signed by the log’s key',
  'log-forked': 'the proofs are of different logs that are no windows of one, or of two trees under one name',
} as const;

export type RefusalCode = keyof typeof MEANINGS;

export interface Refusal {
  readonly code: RefusalCode;
  /** Which part, e.g. `statements[0]`; names nobody. */
  readonly where: string;
}

export function at(code: RefusalCode, where = 'evidence'): Refusal {
  return { code, where };
}

/** For people: code, place and meaning. */
export function explain({ code, where }: Refusal): string {
  return `${code} at ${where}: ${MEANINGS[code]}`;
}

export type Slot = 'c0' | 'c1' | 'p1' | 'b1';

export interface VerifiedLeaf {
  readonly type: string;
  readonly slot: Slot;
  /** Subsystem or instance whose key signed. */
  readonly signer: string;
  /** Origin of the log in which it stands. */
  readonly log: string;
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
  /** Origin of the log in which the request stands; its sequel may stand in a window beside it. */
  readonly log: string;
  readonly leaves: readonly VerifiedLeaf[];
  readonly persons: readonly VerifiedPerson[];
  readonly checked: readonly string[];
  readonly unchecked: readonly string[];
}
