import { memberDigest } from '#snapshot';
import type { AnswerHead, RequestHead, RowOpening } from '../exchange/row.js';

export interface ProvenStatement {
  readonly jws: string;
  /** `.tlog-proof` text. */
  readonly proof: string;
  /** Index into `manifests`: the one that governs this statement's keys (`statements.md` §2, validity). */
  readonly governing: number;
}

export interface ProvenManifest {
  /** Index of its leaf. */
  readonly index: number;
  readonly jws: string;
  readonly proof: string;
  readonly digests: string;
}

export interface MemberEvidence {
  readonly id: string;
  readonly document: string;
  readonly keyChain: string[];
}

/** What Evidence v1 says (`statements.md` §6), before it is written down. */
export interface Evidence {
  readonly statements: readonly ProvenStatement[];
  readonly manifests: readonly ProvenManifest[];
  readonly members: readonly MemberEvidence[];
  /** base64url. */
  readonly salt: string;
  readonly openings: readonly RowOpening[];
  readonly request: RequestHead;
  /** Absent unless answered; then null also where the gateway that held the head has died. */
  readonly answer: AnswerHead | null;
}

/**
 * The one spelling of an evidence document: keys in fixed order, no insignificant white space. A verifier writes it
 * again and compares byte for byte, so every object is laid out here and nothing is passed through. Header values are
 * their octets as latin1 characters.
 */
export function serialiseEvidence(evidence: Evidence): string {
  const { request, answer } = evidence;
  return JSON.stringify({
    v: 1,
    statements: evidence.statements.map(({ jws, proof, governing }) => ({ jws, proof, governing })),
    manifests: evidence.manifests.map(({ index, jws, proof, digests }) => ({ index, jws, proof, digests })),
    members: evidence.members.map(({ id, document, keyChain }) => ({ id, document, keyChain })),
    salt: evidence.salt,
    openings: evidence.openings.map(({ kind, statement, index, r, country, type, code }) => ({
      kind,
      statement,
      index,
      r,
      country,
      type,
      code,
    })),
    request: {
      method: request.method,
      target: request.target,
      headers: request.headers,
      bodySha512: request.bodySha512,
    },
    answer: answer === null ? null : { status: answer.status, headers: answer.headers, bodySha512: answer.bodySha512 },
  });
}

/**
 * Members of an evidence: each version of a document once, sorted by id, then by digest (code units). Two versions of
 * one member stand there if its document changed between the leaves: each statement is judged by its own manifest.
 */
export function sortMembers(members: readonly MemberEvidence[]): MemberEvidence[] {
  const distinct = new Map(members.map((member) => [`${member.id} ${memberDigest(member)}`, member]));
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, member]) => member);
}
