import { ok, refuse, type Result } from '#kernel';
import type { Evidence } from './evidence.js';
import { isCheckpointSigned } from './log-proof.js';
import { isSignedBy, type PublicKey } from './jws.js';
import { isListed, newestKey, readMember, signingKey, type Member } from './member.js';
import type { ProvenCase, ProvenStatement } from './proven-case.js';
import { at, type Refusal, type Slot } from './report.js';
import type { TrustAnchors } from './trust.js';

/** Second half of the verdict: whose signatures these are, from the keys in `trust.json` downwards. */

export interface Signer {
  readonly slot: Slot;
  /** Subsystem or instance. */
  readonly id: string;
  /** Member in whose document the key stands. */
  readonly member: string;
}

/** The signers of the statements in their order: log, registry, members, statements, each vouching for the next. */
export function checkSignatures(
  evidence: Evidence,
  proven: ProvenCase,
  trust: TrustAnchors,
): Result<Signer[], Refusal> {
  const problem = logProblem(proven) ?? registryProblem(proven, trust);
  if (problem !== undefined) return refuse(problem);
  const members = readMembers(evidence);
  if (!members.ok) return members;
  const signers: Signer[] = [];
  for (const [position, entry] of proven.statements.entries()) {
    const signer = signerOf(entry, members.value, `statements[${position}]`);
    if (!signer.ok) return signer;
    // One slot, one leaf (`statements.md` §2): a second one would be a second story by the same signer.
    if (signers.some(({ slot, id }) => slot === signer.value.slot && id === signer.value.id))
      return refuse(at('statement-signer', `statements[${position}]`));
    signers.push(signer.value);
  }
  return ok(signers);
}

function logProblem({ checkpoints }: ProvenCase): Refusal | undefined {
  return checkpoints.every(isCheckpointSigned) ? undefined : at('checkpoint-signature', 'proofs');
}

function registryProblem({ manifests }: ProvenCase, trust: TrustAnchors): Refusal | undefined {
  const forged = manifests.findIndex(({ statement }) => {
    const key = trust.registry.find((candidate) => candidate.kid === statement.jws.kid);
    return key === undefined || !isSignedBy(statement.jws, key);
  });
  return forged < 0 ? undefined : at('manifest-signature', `manifests[${forged}]`);
}

function readMembers(evidence: Evidence): Result<Member[], Refusal> {
  const members: Member[] = [];
  for (const [position, entry] of evidence.members.entries()) {
    const key = newestKey(entry);
    if (key === undefined) return refuse(at('member-key-chain', `members[${position}]`));
    const member = readMember(entry, key);
    if (member === undefined) return refuse(at('member-document', `members[${position}]`));
    members.push(member);
  }
  return ok(members);
}

interface Candidate extends Signer {
  readonly key: PublicKey;
}

/** Whose key of those who may sign such a statement (`statements.md` §2) it is, by the manifest that governs it. */
function signerOf(entry: ProvenStatement, members: readonly Member[], where: string): Result<Signer, Refusal> {
  const { jws } = entry.statement;
  // Versions of a member's document that were in force when this leaf got its index.
  const inForce = members.filter((member) => isListed(member, entry.governing.digests));
  const [signer] = candidates(entry, inForce);
  if (signer === undefined) return refuse(at('statement-signer', where));
  if (!isSignedBy(jws, signer.key)) return refuse(at('statement-signature', where));
  return ok({ slot: signer.slot, id: signer.id, member: signer.member });
}

function candidates({ statement, governing }: ProvenStatement, members: readonly Member[]): Candidate[] {
  const { type, fields, jws } = statement;
  // A key's own period is held against the manifest's time, which its signer could not choose.
  const atMs = governing.statement.fields.ts;
  const subsystem = (slot: Slot, id: string): Candidate[] =>
    members.flatMap((member) => {
      const owner = id.startsWith(`${member.id}/`) ? member.subsystems.find((entry) => entry.id === id) : undefined;
      const key = owner === undefined ? undefined : signingKey(owner, jws.kid, atMs);
      return key === undefined ? [] : [{ slot, id, member: member.id, key }];
    });
  const audit = (): Candidate[] =>
    members.flatMap((member) =>
      member.instances.flatMap((owner) => {
        const key = owner.kind === 'audit' ? signingKey(owner, jws.kid, atMs) : undefined;
        return key === undefined ? [] : [{ slot: 'b1' as const, id: owner.id, member: member.id, key }];
      }),
    );
  // What instances state of themselves is no part of an exchange's evidence.
  if (!type.startsWith('exchange.')) return [];
  if (type === 'exchange.requested') return subsystem('c0', fields.from);
  if (type === 'exchange.answered' || type === 'exchange.refused') return subsystem('p1', fields.to);
  const isSwept = fields.why === 'no-outcome' && fields.side === 'unknown';
  return [...subsystem('c1', fields.from), ...subsystem('p1', fields.to), ...(isSwept ? audit() : [])];
}
