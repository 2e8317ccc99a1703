import { decode, SealedSchema } from '#contracts';
import { toBase64Url, type Clock, type SubsystemId } from '#kernel';
import type { Database, Queries } from '#postgres';
import { signingKeyOf } from '#reader-auth';
import { parseStatement, questionAnswerDigest, verifyStatement, type QuestionAnswer, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import { callerErrors } from '../caller/caller.errors.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';
import { keepAnswer } from './kept-answer.js';
import { standingOf, type Question, type QuestionStanding } from './question.js';
import type { QuestionStore, SealedQuestion } from './question.store.js';
import { questionErrors } from './questions.errors.js';

/** A question as the subsystem that was asked gets it; only its own key opens `sealed`. */
export interface MemberQuestion extends QuestionStanding {
  /** Through which portal it was asked. */
  readonly portal: string;
  /** Of the key for which it is sealed; absent once it is answered. */
  readonly kid?: string;
  /** base64url; absent once it is answered. */
  readonly sealed?: string;
}

export interface MemberQuestionsPage {
  readonly questions: readonly MemberQuestion[];
  /** `after` of the next page; absent on the last. */
  readonly next?: string;
}

export interface OpenListing {
  readonly state: 'open' | 'overdue';
  readonly after?: string | undefined;
  readonly limit: number;
}

/** An answer as it is handed in. */
export interface GivenAnswer {
  /** `question.answered`, signed by a key of the subsystem that was asked. */
  readonly statement: string;
  readonly answer: QuestionAnswer;
  /** 32 bytes. */
  readonly salt: Buffer;
}

export type AnswerProblem = 'signer' | 'type' | 'id' | 'parties' | 'prev' | 'time' | 'digest';

/** Intake takes a statement of a day ago; half of it is left for whatever keeps it from there. */
const OLDEST_MS = 12 * 60 * 60_000;
/** Intake bears five minutes; its clock is another than ours. */
const AHEAD_MS = 2 * 60_000;

export interface AnswersParts {
  readonly database: Database;
  readonly store: QuestionStore;
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly statements: {
    keep(queries: Queries, statement: Pick<Statement, 'jws' | 'leafHash'>): Promise<void>;
    wake(): void;
  };
  /** Who fetches a question need not be brought it any more. */
  readonly outbox: { acknowledge(queries: Queries, id: string): Promise<unknown> };
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** Characters of a text at most. */
  readonly mostText: number;
  readonly answered: (isLate: boolean) => void;
}

/**
 * What a member does with questions that it was asked: it fetches those that it has not answered, and answers. It sees no
 * other's. Answer and statement are kept in one transaction; after a crash the statement is stamped all the same.
 */
export class Answers {
  constructor(private readonly parts: AnswersParts) {}

  async open(member: SubsystemId, { state, after, limit }: OpenListing): Promise<MemberQuestionsPage> {
    const nowMs = this.parts.clock.now();
    const dueBeforeMs = state === 'overdue' ? nowMs : undefined;
    const found = await this.parts.store.open({ recipient: member, dueBeforeMs, after, limit: limit + 1 });
    const questions = found.slice(0, limit).map((one) => memberQuestion(one, nowMs));
    const last = questions.at(-1);
    return { questions, ...(found.length > limit && last !== undefined ? { next: last.id } : {}) };
  }

  async one(member: SubsystemId, id: string): Promise<MemberQuestion> {
    return memberQuestion(await this.asked(member, id), this.parts.clock.now());
  }

  /** The same statement again changes nothing. */
  async answer(member: SubsystemId, id: string, given: GivenAnswer): Promise<QuestionStanding> {
    const { mostText, clock, statements } = this.parts;
    if ((given.answer.text?.length ?? 0) > mostText)
      throw questionErrors.error('text-too-long', { extensions: { most: mostText } });
    const { question } = await this.asked(member, id);
    const nowMs = clock.now();
    const statement = this.judged(question, given, nowMs);
    if (await this.keep(question, statement, given, nowMs)) {
      statements.wake();
      this.parts.answered(nowMs > question.dueMs);
    }
    const kept = (await this.asked(member, id)).question;
    if (kept.answer?.leafHash.equals(statement.leafHash) !== true) throw questionErrors.error('question-answered');
    return standingOf(kept, nowMs);
  }

  private async asked(member: SubsystemId, id: string): Promise<SealedQuestion> {
    const found = await this.parts.store.find(id, member);
    // Of another's question nobody learns even that there is one.
    if (found === undefined) throw questionErrors.error('question-unknown');
    return found;
  }

  private judged(question: Question, given: GivenAnswer, nowMs: number): Statement {
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    const unsound = (problem: string) => questionErrors.error('answer-unsound', { extensions: { problem } });
    const parsed = parseStatement(given.statement);
    if (!parsed.ok) throw unsound(parsed.reason);
    const statement = parsed.value;
    // One that is kept was believed when it came, whatever became of its key since.
    if (question.answer?.leafHash.equals(statement.leafHash) === true) return statement;
    const jwk = signingKeyOf(view, question.recipient as SubsystemId, statement.kid, nowMs);
    const isSigned = jwk !== undefined && verifyStatement(statement, jwk);
    const problem = isSigned ? problemOf(question, statement, given, nowMs) : 'signer';
    if (problem !== undefined) throw unsound(problem);
    return statement;
  }

  /** False if there is an answer already. */
  private keep(question: Question, statement: Statement, { answer, salt }: GivenAnswer, nowMs: number) {
    const { database, store, keys, statements, outbox } = this.parts;
    const { id } = question;
    return database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const key = (await keys.find([question])).get(epochTagKey(question));
      // Without a key the person was erased: the leaf stands, and what it digests is thrown away.
      const enc = key === undefined ? undefined : keepAnswer(key, id, { answer, salt });
      const isFirst = await store.answer(queries, id, { leafHash: statement.leafHash, atMs: nowMs, enc });
      if (!isFirst) return false;
      await statements.keep(queries, statement);
      await outbox.acknowledge(queries, id);
      return true;
    });
  }
}

/** Why a statement of the right signer is no answer to this question. */
function problemOf(
  { id, portal, recipient, asked }: Question,
  { payload }: Statement,
  { answer, salt }: GivenAnswer,
  nowMs: number,
): AnswerProblem | undefined {
  if (payload.t !== 'question.answered') return 'type';
  if (payload.id !== id) return 'id';
  if (payload.from !== portal || payload.to !== recipient) return 'parties';
  if (payload.prev !== toBase64Url(asked)) return 'prev';
  if (payload.ts < nowMs - OLDEST_MS || payload.ts > nowMs + AHEAD_MS) return 'time';
  return payload.doc === questionAnswerDigest(salt, answer) ? undefined : 'digest';
}

function memberQuestion({ question, sealed }: SealedQuestion, nowMs: number): MemberQuestion {
  const isOpen = question.answer === undefined;
  return {
    ...standingOf(question, nowMs),
    portal: question.portal,
    ...(isOpen ? { kid: decode(SealedSchema, sealed).kid, sealed: toBase64Url(sealed) } : {}),
  };
}
