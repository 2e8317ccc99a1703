import { ok, refuse, type Result } from '#kernel';
import { disclosureProblem, unopenedCount } from './disclosures.js';
import { parseEvidence, type Evidence } from './evidence.js';
import { proveCase, type ProvenCase } from './proven-case.js';
import { at, type Refusal, type VerificationReport } from './report.js';
import { checkSignatures, type Signer } from './signatures.js';
import { parseTrust } from './trust.js';

export interface VerifyOptions {
  /** The answer as the client has it; must be the body that was signed. */
  readonly answerBody?: Uint8Array;
}

/**
 * Judges Evidence v1 offline (`statements.md` §6). Believes nothing but `trust`, the bytes of a `trust.json` from
 * elsewhere, and shares no code with what makes evidence, except hashing. What hashes can refuse is refused before any
 * signature is looked at. Never throws.
 */
export function verifyEvidence(
  evidence: Uint8Array,
  trust: Uint8Array,
  options: VerifyOptions = {},
): Result<VerificationReport, Refusal> {
  const anchors = parseTrust(trust);
  if (anchors === undefined) return refuse(at('trust-invalid', 'trust'));
  const parsed = parseEvidence(evidence);
  if (!parsed.ok) return parsed;
  const proven = proveCase(parsed.value, anchors);
  if (!proven.ok) return proven;
  const problem = disclosureProblem(parsed.value, proven.value, options.answerBody);
  if (problem !== undefined) return refuse(problem);
  const signers = checkSignatures(parsed.value, proven.value, anchors);
  if (!signers.ok) return signers;
  return ok(reportOf(parsed.value, proven.value, signers.value, options));
}

function reportOf(
  evidence: Evidence,
  proven: ProvenCase,
  signers: readonly Signer[],
  options: VerifyOptions,
): VerificationReport {
  const { fields } = proven.statements[0].statement;
  const outcome = outcomeOf(proven, signers);
  const answered = proven.statements.find(({ statement }) => statement.type === 'exchange.answered')?.statement.fields;
  return {
    exchangeId: fields.id,
    consumer: fields.from,
    provider: fields.to,
    service: fields.svc,
    endpoint: fields.ep,
    purpose: fields.pur,
    legalBasis: fields.law,
    outcome: outcome.kind,
    disclosed: answered !== undefined && answered.st >= 200 && answered.st < 300,
    status: answered?.st,
    reason: outcome.reason,
    log: proven.statements[0].log,
    leaves: proven.statements.map(({ statement, log, index }, position) => ({
      type: statement.type,
      slot: signers[position]?.slot ?? 'c0',
      signer: signers[position]?.id ?? '',
      log,
      index,
      claimedAtMs: statement.fields.ts,
    })),
    persons: evidence.openings.map(({ kind, country, type, code }) => ({ kind, country, type, code })),
    checked: checkedOf(evidence, proven, options),
    unchecked: uncheckedOf(evidence, proven, signers, options),
  };
}

/** What the client was told (`statements.md` §3): the gateway's word before the provider's before the bus's. */
function outcomeOf(
  proven: ProvenCase,
  signers: readonly Signer[],
): { kind: VerificationReport['outcome']; reason: string | undefined } {
  for (const slot of ['c1', 'p1', 'b1']) {
    const position = signers.findIndex((signer) => signer.slot === slot);
    const statement = proven.statements[position]?.statement;
    if (statement === undefined) continue;
    if (statement.type === 'exchange.answered') return { kind: 'answered', reason: undefined };
    return { kind: statement.type === 'exchange.refused' ? 'refused' : 'failed', reason: statement.fields.why };
  }
  return { kind: 'none', reason: undefined };
}

function checkedOf(evidence: Evidence, proven: ProvenCase, options: VerifyOptions): string[] {
  const logs = logsOf(proven);
  return [
    'the file has its one canonical form',
    `${proven.statements.length} statements: signature, role of the signer, validity of the key in force at that index`,
    `${proven.manifests.length} manifests: signature of the trusted registry key, digest list`,
    `${evidence.members.length} member documents: named by the manifest, chain of keys from the first, signature`,
    `${proven.statements.length + proven.manifests.length} inclusion proofs in the log ${logs.join(' and ')}, under checkpoints signed by its trusted key`,
    ...(proven.statements.length > 1 ? ['every outcome names the leaf of this request and the same parties'] : []),
    'head of the request and digest of its body',
    ...(evidence.answer === null ? [] : ['head of the answer and digest of its body']),
    ...(evidence.openings.length === 0 ? [] : [`${evidence.openings.length} commitments, by their openings`]),
    ...(options.answerBody === undefined ? [] : ['the given file is the body of the answer']),
  ];
}

function uncheckedOf(
  evidence: Evidence,
  proven: ProvenCase,
  signers: readonly Signer[],
  options: VerifyOptions,
): string[] {
  const logs = logsOf(proven);
  const unopened = unopenedCount(evidence, proven);
  const answered = proven.statements.some(({ statement }) => statement.type === 'exchange.answered');
  const bus = signers.find((signer) => signer.slot === 'b1');
  return [
    'that no later manifest stands between a statement and the one that governs it (needs the log: verify-log)',
    ...logs.flatMap((log) => {
      const sizes = sizesOf(proven, log);
      return sizes.length > 1
        ? [`that the trees of ${sizes.join(', ')} leaves are one growing log (needs the log: verify-log)`]
        : [];
    }),
    ...(logs.length > 1 ? [`that ${logs.join(' and ')} follow one another (needs both logs: verify-log)`] : []),
    'that the agreement allowed the call: its provider decided so',
    ...(unopened > 0 ? [`${unopened} commitments whose openings are not in this file`] : []),
    ...(evidence.request.bodySha512 === null ? [] : ['the body of the request: only its digest is here']),
    ...(evidence.answer !== null && options.answerBody === undefined
      ? ['the body of the answer: give it with --answer <file>']
      : []),
    ...(evidence.answer === null && answered ? ['the answer: its head is not in this file'] : []),
    ...(bus === undefined ? [] : [`that ${bus.member} runs the audit service ${bus.id}`]),
    'witnesses and time-stamps: they are not part of this evidence',
  ];
}

/** Origins, in the order of the statements. */
function logsOf(proven: ProvenCase): string[] {
  return [...new Set(proven.statements.map(({ log }) => log))];
}

function sizesOf({ checkpoints }: ProvenCase, log: string): number[] {
  const sizes = checkpoints.filter(({ origin }) => origin === log).map(({ size }) => size);
  return [...new Set(sizes)].sort((a, b) => a - b);
}
