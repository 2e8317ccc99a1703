import { AnswerContentSchema, decode, type Answer } from '#contracts';
import { exchangeIdBytes, refuse, ok, type ExchangeId, type Result, type ServiceId, type SubsystemId } from '#kernel';
import {
  answerAd,
  answerDigest,
  isSequelOf,
  openRecord,
  parseStatement,
  verifyStatement,
  type Statement,
} from '#signing';
import type { OwnedKey } from '#snapshot';
import type { HeaderField } from './exchange.js';

/** What the gateway knows of an exchange that it sent, and against which every answer is checked. */
export interface Expected {
  readonly exchangeId: ExchangeId;
  readonly consumer: SubsystemId;
  readonly provider: SubsystemId;
  readonly service: ServiceId;
  readonly requested: Statement;
  readonly salt: Buffer;
  /** Exported secret of the sealing session for answers; lives in this process only. */
  readonly answerKey: Uint8Array;
}

export interface AnswerParts {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
}

/** A provider's statement about our exchange, checked except for its place in the log. */
export interface Candidate {
  readonly statement: Statement;
  /** There for `answered` only. */
  readonly content?: AnswerParts;
}

export type CandidateReason =
  | 'answer-malformed'
  | 'answer-not-a-sequel'
  | 'answer-unknown-key'
  | 'answer-bad-signature'
  | 'answer-unreadable'
  | 'answer-digest';

const PROVIDER_TYPES: readonly string[] = ['exchange.answered', 'exchange.refused', 'exchange.failed'];

/** The statement of a record on the reply topic, if it could follow our request; its signature is not checked yet. */
export function sequelOf(expected: Expected, answer: Answer): Result<Statement, CandidateReason> {
  const parsed = parseStatement(answer.statement);
  if (!parsed.ok || !PROVIDER_TYPES.includes(parsed.value.payload.t)) return refuse('answer-malformed');
  const statement = parsed.value;
  if (statement.payload.id !== expected.exchangeId || !isSequelOf(statement, expected.requested))
    return refuse('answer-not-a-sequel');
  return ok(statement);
}

/**
 * `bus.md` §4.8, all but the log: signed by the provider's own key, and the opened answer is the one that was signed.
 * `key` is what the registry copy holds for the statement's `kid` under the provider's name; its period is judged at the
 * `ts` of the newest manifest, as intake does.
 */
export function checkCandidate(
  expected: Expected,
  statement: Statement,
  answer: Answer,
  key: OwnedKey | undefined,
  judgedAtMs: number,
): Result<Candidate, CandidateReason> {
  if (key?.use !== 'sign' || judgedAtMs < key.fromMs || judgedAtMs >= key.untilMs) return refuse('answer-unknown-key');
  if (!verifyStatement(statement, key.jwk)) return refuse('answer-bad-signature');
  if (statement.payload.t !== 'exchange.answered') return ok({ statement });
  // Only a final status can be told to an HTTP client.
  if (statement.payload.st < 200 || statement.payload.st > 599) return refuse('answer-malformed');
  const content = openContent(expected, statement, answer);
  if (content === undefined) return refuse('answer-unreadable');
  const { st, res } = statement.payload;
  if (st !== content.status || res !== answerDigest(expected.salt, content)) return refuse('answer-digest');
  return ok({ statement, content });
}

function openContent(expected: Expected, statement: Statement, answer: Answer): AnswerParts | undefined {
  const sealed = answer.content;
  if (sealed === undefined) return undefined;
  const ad = answerAd(statement.leafHash, exchangeIdBytes(expected.exchangeId));
  const bytes = openRecord(expected.answerKey, sealed.nonce, sealed.ciphertext, ad);
  if (bytes === undefined) return undefined;
  try {
    const { status, headers, body } = decode(AnswerContentSchema, bytes);
    return {
      status,
      headers: headers.map(({ name, value }) => ({ name, value: Buffer.from(value).toString('latin1') })),
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    };
  } catch {
    // Opened but no AnswerContent: the provider's fault, told to the consumer as an unreadable answer.
    return undefined;
  }
}
