import {
  decideEndUser,
  findSubjectInAnswer,
  outcomeReasons,
  type ActingPerson,
  type SubjectRule,
  type WhyCode,
} from '#access';
import { AnswerContentSchema, AnswerSchema, encode, message, type Sealed } from '#contracts';
import { exchangeIdBytes, type ExchangeId } from '#kernel';
import {
  answerAd,
  answerDigest,
  commit,
  sealRecord,
  sequelOf,
  signStatement,
  typedSubject,
  type TypedSubject,
  type AnsweredPayload,
  type Signer,
  type Statement,
  type SubjectOpening,
} from '#signing';
import type { DisputeMarks } from '../disputes/marked-answer.js';
import { isUnsafe, type Envelope } from '../dispatch/envelope.js';

/** An agency's answer as it leaves the connector: headers filtered, body untouched. */
export interface AgencyAnswer {
  readonly status: number;
  /** Octets of values as latin1 text. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Buffer;
}

/** What the connector has stated about a request, and the record that tells the gateway; the bytes that are kept. */
export interface Outcome {
  readonly statement: Statement;
  /** `exchange.v1.Answer`. */
  readonly answer: Uint8Array;
  readonly kind: 'answered' | 'failed' | 'refused';
  readonly why?: WhyCode;
  /** Sealed for feedback, of a subject that only the answer told. */
  readonly opening?: Uint8Array | undefined;
}

/** The provider said no: a decision, not an accident. */
export async function refusedOutcome(
  envelope: Envelope,
  why: WhyCode,
  snap: number,
  signer: Signer,
  nowMs: number,
): Promise<Outcome> {
  const payload = { ...sequelOf(envelope.requested, nowMs), t: 'exchange.refused', why, snap } as const;
  return unsealed(envelope, await signStatement(payload, signer), 'refused', why);
}

/** No answer came, and at whose door that lies. */
export async function failedOutcome(envelope: Envelope, why: WhyCode, signer: Signer, nowMs: number): Promise<Outcome> {
  const { side } = outcomeReasons[why];
  const payload = { ...sequelOf(envelope.requested, nowMs), t: 'exchange.failed', why, side } as const;
  return unsealed(envelope, await signStatement(payload, signer), 'failed', why);
}

/** What feedback is told, so that it can open a statement's commitments. */
export interface StatedOpenings {
  readonly exchangeId: ExchangeId;
  readonly statementHash: Uint8Array;
  readonly subjects: readonly SubjectOpening[];
  readonly users: readonly SubjectOpening[];
}

export interface AnsweredBy {
  readonly signer: Signer;
  readonly snap: number;
  readonly salt: Uint8Array;
  /** Exported secret of the request's session for its answer (`bus.md` §3). */
  readonly answerKey: Uint8Array;
  readonly subjectInAnswer: SubjectRule | undefined;
  /** Who acts; a citizen hears of themselves and those whom they represent only. */
  readonly endUser?: ActingPerson | undefined;
  readonly nowMs: number;
  /** What is disputed of the answer, also about subjects that only the answer told. */
  readonly marks: (told: readonly TypedSubject[]) => Promise<DisputeMarks>;
  readonly sealOpening: (openings: StatedOpenings) => Promise<Uint8Array | undefined>;
}

/**
 * States and seals the answer. `answer-subject-missing` where only the answer could tell the subject and does not;
 * refused where it tells that a citizen has asked about somebody else, or holds a datum that is blocked. Marks of disputed
 * data stand on it before it is digested.
 */
export async function answeredOutcome(envelope: Envelope, answer: AgencyAnswer, by: AnsweredBy): Promise<Outcome> {
  const subjects = subjectsOf(answer, by.subjectInAnswer);
  if (subjects === undefined) return failedOutcome(envelope, 'answer-subject-missing', by.signer, by.nowMs);
  for (const subject of subjects)
    if (!decideEndUser([], by.endUser, subject, isUnsafe(envelope)).ok)
      return refusedOutcome(envelope, 'end-user-mismatch', by.snap, by.signer, by.nowMs);
  const marks = await by.marks(subjects);
  if (marks.isBlocked) return refusedOutcome(envelope, 'disputed-blocked', by.snap, by.signer, by.nowMs);
  const marked = { ...answer, headers: [...answer.headers, ...marks.headers] };
  const committed = subjects.map((subject) => commit('subject', subject));
  const payload: AnsweredPayload = {
    ...sequelOf(envelope.requested, by.nowMs),
    t: 'exchange.answered',
    st: answer.status,
    res: answerDigest(by.salt, marked),
    snap: by.snap,
    ...(committed.length === 0 ? {} : { subj: committed.map(({ commitment }) => commitment) }),
    ...(marks.headers.length === 0 ? {} : { n: marks.headers.length }),
  };
  const statement = await signStatement(payload, by.signer);
  const content = encode(AnswerContentSchema, message(AnswerContentSchema, contentOf(marked)));
  const id = exchangeIdBytes(envelope.exchangeId);
  const { nonce, ciphertext } = sealRecord(by.answerKey, content, answerAd(statement.leafHash, id));
  const session = envelope.request.content;
  const sealed = { enc: session?.enc ?? Buffer.alloc(0), kid: session?.kid ?? '', nonce, ciphertext };
  const opening = await by.sealOpening({
    exchangeId: envelope.exchangeId,
    statementHash: statement.leafHash,
    subjects: committed.map((one) => one.opening),
    users: [],
  });
  return { statement, answer: encodeAnswer(envelope, statement, sealed), kind: 'answered', opening };
}

/** The subject of an answer whose subject nobody knew before; an unsuccessful answer discloses nobody. */
function subjectsOf({ status, body }: AgencyAnswer, rule: SubjectRule | undefined): TypedSubject[] | undefined {
  if (rule === undefined || status < 200 || status > 299) return [];
  const found = findSubjectInAnswer(rule, body);
  const subject = found.ok ? typedSubject(found.value.country, found.value.type, found.value.code) : undefined;
  return subject === undefined ? undefined : [subject];
}

function unsealed(envelope: Envelope, statement: Statement, kind: 'failed' | 'refused', why: WhyCode): Outcome {
  return { statement, answer: encodeAnswer(envelope, statement), kind, why };
}

function contentOf({ status, headers, body }: AgencyAnswer) {
  const octets = headers.map(({ name, value }) => ({ name, value: Buffer.from(value, 'latin1') }));
  return { status, headers: octets, body };
}

function encodeAnswer(
  envelope: Envelope,
  statement: Statement,
  content?: Pick<Sealed, 'enc' | 'kid' | 'nonce' | 'ciphertext'>,
): Uint8Array {
  const exchangeId = exchangeIdBytes(envelope.exchangeId);
  const fields = { exchangeId, statement: statement.jws };
  return encode(AnswerSchema, message(AnswerSchema, content === undefined ? fields : { ...fields, content }));
}
