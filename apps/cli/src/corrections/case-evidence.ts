import { z } from 'zod';
import { isRevealed, valueHash, type CaseRecipient } from '#corrections';
import { fromBase64Url, ok, refuse, toBase64Url, type Result, type SubsystemId } from '#kernel';
import {
  opens,
  parseStatement,
  parseTypedSubject,
  slotFor,
  verifyStatement,
  type CaseStepPayload,
  type CaseSubmittedPayload,
  type SignerRole,
  type Statement,
} from '#signing';
import type { RegistryView } from '#snapshot';
import { openNote, parseTlogProof, verifyInclusion, type NoteKey } from '#tlog';

/** Why the evidence of a case is not believed; each a check of its `verifying`. */
const MEANINGS = {
  'case-malformed': 'this is no evidence of a correction',
  'step-malformed': 'a statement is not of a form that may stand here',
  'step-leaf': 'a leaf is not the hash of its statement',
  'step-place': 'a leaf does not stand in the log where its proof says, or the log is not one of trust.json',
  'step-signer': 'no key that the registry publishes of a party that may make this step made its signature',
  'step-chain': 'the steps do not follow one from the other, from the first: one is missing, or of another case',
  'step-act': 'what was said is not what the statement has the digest of',
  'case-opening': 'the case is not about this person',
  'recipients-root': 'the list of recipients is not the one that the log has',
  'recipient-foreign': 'a recipient does not stand in the list',
} as const;

export interface CaseFlaw {
  readonly code: keyof typeof MEANINGS;
  /** Which part, e.g. `steps[2]`; names nobody. */
  readonly where: string;
}

export interface ProvenStep {
  readonly seq: number;
  readonly type: string;
  readonly was: string;
  readonly now: string;
  readonly why: string | undefined;
  /** Subsystem or instance whose key signed. */
  readonly signer: string;
  readonly log: string;
  readonly index: number;
  /** Milliseconds by the signer's clock: its claim. */
  readonly claimedAtMs: number;
  /** Whether the evidence has what the signer said, and it is what the statement has the digest of. */
  readonly hasProvenAct: boolean;
}

export interface ProvenCorrection {
  readonly correctionId: string;
  readonly publicNumber: string;
  readonly subject: string;
  readonly state: string;
  readonly steps: readonly ProvenStep[];
  /** Members that were told, as far as they are shown; undefined: the file has no list. */
  readonly recipients: readonly CaseRecipient[] | undefined;
}

export interface CaseAnchors {
  readonly logs: readonly NoteKey[];
  /** What the registry publishes, believed by trust.json. */
  readonly view: Pick<RegistryView, 'instances' | 'keyOf'>;
}

type Step = Statement<CaseSubmittedPayload | CaseStepPayload>;
interface Signed {
  readonly statement: Step;
  readonly signer: string;
}
type GivenStep = z.infer<typeof givenStep>;

/** Whose `doc` is the root over the recipients. */
const TELLING: ReadonlySet<string> = new Set(['correction.propagating', 'correction.reopened', 'correction.closed']);

const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const count = z.int().nonnegative();
const givenStep = z.strictObject({
  ...{ seq: count, statement: z.string(), leaf: hash, log: z.string(), index: count, proof: z.string() },
  act: z.looseObject({ act: z.string(), salt: hash.optional() }).optional(),
});
const recipient = z.strictObject({
  ...{
    subsystem: z.string(),
    lastExchangeId: z.string(),
    action: z.string().optional(),
    reason: z.string().optional(),
  },
  ...{ ackAt: z.string().optional(), salt: hash, index: count, size: count, path: z.array(hash).max(64) },
});
const given = z.strictObject({
  format: z.literal('kerege-correction-evidence/v1'),
  ...{ correctionId: z.uuid(), publicNumber: z.string(), steps: z.array(givenStep).min(1).max(1_000) },
  opening: z.strictObject({ subject: z.string(), r: hash }),
  recipients: z.strictObject({ root: z.string(), leaf: hash, recipients: z.array(recipient).max(65_536) }).optional(),
  verifying: z.array(z.string()),
});

/**
 * Judges what feedback hands out of a case (`corrections.md` §10), and believes nothing of it: only the log's keys, and
 * the keys of members that the registry publishes. Never throws. It cannot tell that no later step stands in the log.
 */
export function proveCorrection(evidence: unknown, anchors: CaseAnchors): Result<ProvenCorrection, CaseFlaw> {
  const read = given.safeParse(evidence);
  if (!read.success) return flaw('case-malformed', 'evidence');
  const { correctionId, publicNumber, steps, opening, recipients } = read.data;
  const statements: Step[] = [];
  const proven: ProvenStep[] = [];
  for (const [position, step] of steps.entries()) {
    const where = `steps[${position}]`;
    const found = proveStep(step, anchors);
    if (!found.ok) return flaw(found.reason, where);
    const { statement, signer } = found.value;
    if (!follows(found.value, statements.at(-1), correctionId)) return flaw('step-chain', where);
    if (!isSaid(step, statement)) return flaw('step-act', where);
    statements.push(statement);
    proven.push(shownStep(step, statement, signer));
  }
  if (!isAbout(statements[0], opening)) return flaw('case-opening', 'opening');
  const told = recipients === undefined ? ok(undefined) : proveRecipients(recipients, statements);
  if (!told.ok) return told;
  const state = proven.at(-1)?.now ?? '';
  return ok({
    ...{ correctionId, publicNumber, subject: opening.subject, state, steps: proven, recipients: told.value },
  });
}

/** For people: code, place and meaning. */
export function explainFlaw({ code, where }: CaseFlaw): string {
  return `${code} at ${where}: ${MEANINGS[code]}`;
}

function proveStep(
  { statement: jws, leaf, log, index, proof, seq }: GivenStep,
  { logs, view }: CaseAnchors,
): Result<Signed, CaseFlaw['code']> {
  const read = parseStatement(jws);
  if (!read.ok || !isStep(read.value)) return refuse('step-malformed');
  const statement = read.value;
  if (toBase64Url(statement.leafHash) !== leaf) return refuse('step-leaf');
  const parsed = parseTlogProof(proof);
  const note = parsed.ok ? openNote(parsed.value.checkpoint, logs) : parsed;
  if (!parsed.ok || !note.ok || note.value.origin !== log || parsed.value.index !== index) return refuse('step-place');
  const { size, root } = note.value;
  if (!verifyInclusion(statement.leafHash, index, size, parsed.value.path, root)) return refuse('step-place');
  const signer = signerOf(statement, view);
  if (signer === undefined) return refuse('step-signer');
  return statement.payload.seq === seq ? ok({ statement, signer }) : refuse('step-chain');
}

function isStep(statement: Statement): statement is Step {
  const { payload } = statement;
  return payload.t.startsWith('correction.') && 'seq' in payload && 'was' in payload;
}

/** Whoever may make this step and has this key; a key is looked up by its owner too, for anyone can publish another's. */
function signerOf(statement: Step, view: CaseAnchors['view']): string | undefined {
  const { from, to, seq } = statement.payload;
  const parties: (readonly [SignerRole, string])[] = [
    ['from', from],
    ['to', to],
    ...view.instances.flatMap(({ id, kind }) => (kind === 'feedback' ? [['feedback', id] as const] : [])),
  ];
  return parties.find(([role, owner]) => {
    if (slotFor(statement.payload, role) !== `s${seq}`) return false;
    const key = view.keyOf(owner as SubsystemId, statement.kid);
    return key?.use === 'sign' && verifyStatement(statement, key.jwk);
  })?.[1];
}

/** As the log is verified: members act between the parties that there are, and only feedback changes them. */
function follows({ statement, signer }: Signed, before: Step | undefined, correctionId: string): boolean {
  const { payload } = statement;
  if (payload.id !== correctionId) return false;
  if (before === undefined) return payload.seq === 1 && payload.t === 'correction.submitted';
  const prev = 'prev' in payload ? payload.prev : undefined;
  if (prev !== toBase64Url(before.leafHash) || payload.seq !== before.payload.seq + 1) return false;
  if (payload.was !== before.payload.now) return false;
  const isSame = payload.from === before.payload.from && payload.to === before.payload.to;
  return isSame || (signer !== payload.from && signer !== payload.to);
}

function isSaid({ act }: GivenStep, { payload }: Step): boolean {
  if (act === undefined) return true;
  const { salt, ...said } = act;
  // Without its salt nobody can tell that it was said.
  return salt !== undefined && 'doc' in payload && payload.doc === valueHash(bytesOf(salt), said);
}

function isAbout(first: Step | undefined, { subject, r }: z.infer<typeof given>['opening']): boolean {
  const typed = parseTypedSubject(subject);
  const payload = first?.payload;
  const [commitment] = payload !== undefined && 'subj' in payload ? (payload.subj ?? []) : [];
  return typed !== undefined && commitment !== undefined && opens('subject', commitment, { ...typed, r: bytesOf(r) });
}

function proveRecipients(
  { root, leaf, recipients }: NonNullable<z.infer<typeof given>['recipients']>,
  steps: readonly Step[],
): Result<CaseRecipient[], CaseFlaw> {
  const stating = steps.find(({ leafHash }) => toBase64Url(leafHash) === leaf)?.payload;
  if (stating === undefined || !TELLING.has(stating.t) || !('doc' in stating) || stating.doc !== root)
    return flaw('recipients-root', 'recipients');
  const found: CaseRecipient[] = [];
  for (const [position, shown] of recipients.entries()) {
    const { salt, index, size, path } = shown;
    const entry = entryOf(shown);
    const place = { index, size, path: path.map(bytesOf), salt: bytesOf(salt), recipient: entry };
    if (!isRevealed(root, place)) return flaw('recipient-foreign', `recipients[${position}]`);
    found.push(entry);
  }
  return ok(found);
}

/** What stands in the list; when it was acknowledged is feedback's word. */
function entryOf({ subsystem, lastExchangeId, action, reason }: z.infer<typeof recipient>): CaseRecipient {
  const said: unknown = { subsystem, lastExchangeId, action, reason };
  return said as CaseRecipient;
}

function shownStep({ log, index, act }: GivenStep, { payload }: Step, signer: string): ProvenStep {
  const { seq, t, was, now, ts } = payload;
  return {
    seq,
    type: t,
    was,
    now,
    why: 'why' in payload ? payload.why : undefined,
    signer,
    log,
    index,
    claimedAtMs: ts,
    hasProvenAct: act !== undefined,
  };
}

function bytesOf(text: string): Buffer {
  return fromBase64Url(text) ?? Buffer.alloc(0);
}

function flaw(code: CaseFlaw['code'], where: string): Result<never, CaseFlaw> {
  return refuse({ code, where });
}
