import { fromBase64Url, sha512, toBase64Url } from '#kernel';
import { answerDigest, commitmentOf, requestDigest } from './digests.js';
import type { Evidence } from './evidence.js';
import { isListed, memberDigest } from './member.js';
import type { ProvenCase } from './proven-case.js';
import { at, type Refusal } from './report.js';
import type { Statement } from './statement.js';

/**
 * Checks that what the evidence discloses is what the statements are about, and that the members are those of the
 * manifests; undefined if so. Hashes only.
 */
export function disclosureProblem(
  evidence: Evidence,
  proven: ProvenCase,
  answerBody: Uint8Array | undefined,
): Refusal | undefined {
  const salt = fromBase64Url(evidence.salt);
  if (salt?.length !== 32) return at('evidence-malformed', 'salt');
  const requested = proven.statements[0].statement;
  if (requestDigest(salt, evidence.request) !== requested.fields.req) return at('request-digest', 'request');
  const statements = proven.statements.map((entry) => entry.statement);
  return (
    answerProblem(evidence, statements, salt) ??
    openingProblem(evidence, statements) ??
    memberProblem(evidence, proven) ??
    answerBodyProblem(evidence, answerBody)
  );
}

/** Commitments of these statements that nothing here opens. */
export function unopenedCount(evidence: Evidence, proven: ProvenCase): number {
  const commitments = proven.statements.reduce(
    (sum, { statement: { fields } }) => sum + fields.subj.length + fields.user.length,
    0,
  );
  return commitments - evidence.openings.length;
}

/** Where a gateway died with the answer in its hands there is none to show; then the report says so. */
function answerProblem(evidence: Evidence, statements: readonly Statement[], salt: Buffer): Refusal | undefined {
  if (evidence.answer === null) return undefined;
  const answered = statements.find((statement) => statement.type === 'exchange.answered');
  const isStated = answered?.fields.res === answerDigest(salt, evidence.answer);
  return isStated && answered?.fields.st === evidence.answer.status ? undefined : at('answer-digest', 'answer');
}

/** Every opening opens the commitment that it names, and none is opened twice. */
function openingProblem(evidence: Evidence, statements: readonly Statement[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [position, opening] of evidence.openings.entries()) {
    const fields = statements[opening.statement]?.fields;
    const commitments = opening.kind === 'subject' ? fields?.subj : fields?.user;
    const commitment = commitments?.[opening.index];
    const place = `${opening.kind} ${opening.statement} ${opening.index}`;
    if (commitment === undefined || seen.has(place) || commitmentOf(opening) !== commitment)
      return at('opening', `openings[${position}]`);
    seen.add(place);
  }
  return undefined;
}

/**
 * Members stand in order, each in a version that a manifest here names, and no version twice. One member may stand in
 * two versions: it may have changed its document between request and outcome.
 */
function memberProblem(evidence: Evidence, { manifests }: ProvenCase): Refusal | undefined {
  const seen = new Set<string>();
  let before = '';
  for (const [position, entry] of evidence.members.entries()) {
    const line = { id: entry.id, digest: memberDigest(entry) };
    const isKnown = manifests.some(({ digests }) => isListed(line, digests));
    if (!isKnown || entry.id < before || seen.has(line.digest)) return at('member-not-listed', `members[${position}]`);
    seen.add(line.digest);
    before = entry.id;
  }
  return undefined;
}

function answerBodyProblem(evidence: Evidence, body: Uint8Array | undefined): Refusal | undefined {
  if (body === undefined) return undefined;
  return evidence.answer?.bodySha512 === toBase64Url(sha512(body)) ? undefined : at('answer-body', 'answer');
}
