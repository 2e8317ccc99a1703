import {
  decode,
  encode,
  message,
  OpeningContentSchema,
  OpeningEnd,
  SealedOpeningSchema,
  type OpeningContent,
  type SealedOpening,
} from '#contracts';
import { exchangeIdBytes, exchangeIdFromBytes, ok, refuse, type ExchangeId, type Result } from '#kernel';
import { answerAd, openRecord, sealRecord, type SealingSession, type SubjectOpening } from '#signing';
import type { OpeningSessions } from './opening-sessions.js';

/** What one end knows of a statement's commitments; each list in the order of its commitments. */
export interface OpeningsOf {
  readonly exchangeId: ExchangeId;
  /** Leaf hash of the statement whose commitments these open. */
  readonly statementHash: Uint8Array;
  readonly subjects: readonly SubjectOpening[];
  readonly users: readonly SubjectOpening[];
  /** Leaf hash of the access.concealment statement that the call named. */
  readonly concealment?: Uint8Array;
  /** Who sends it; absent: it does not say. */
  readonly end?: ExchangeEnd;
}

/** Of the consumer the gateway, of the provider the connector. */
export type ExchangeEnd = 'consumer' | 'provider';

const ENDS = { consumer: OpeningEnd.CONSUMER, provider: OpeningEnd.PROVIDER } as const;

/** An opening record that was opened. Nobody signed it: what it says is compared with the leaf. */
export interface OpenedOpening {
  readonly exchangeId: ExchangeId;
  readonly statementHash: Buffer;
  readonly content: OpeningContent;
}

export type OpeningReason = 'opening-malformed' | 'opening-key-unknown' | 'opening-unopenable';

/** The most commitments of one statement (`statements.md` §1). */
const MAX_COMMITMENTS = 16;
const HASH_BYTES = 32;
/** Sixteen openings of the longest subjects are a third of this. */
const MAX_RECORD_BYTES = 8192;

/** Value of a record on `feedback.opening`: opens for this statement and this exchange only. */
export function sealOpening(openings: OpeningsOf, session: SealingSession): Uint8Array {
  const { subjects, users, concealment, statementHash, end } = openings;
  const exchangeId = exchangeIdBytes(openings.exchangeId);
  const content = message(OpeningContentSchema, {
    subjects: subjects.map(plain),
    users: users.map(plain),
    ...(concealment === undefined ? {} : { concealment }),
    ...(end === undefined ? {} : { end: ENDS[end] }),
  });
  const ad = answerAd(statementHash, exchangeId);
  const sealed = sealRecord(session.requestKey, encode(OpeningContentSchema, content), ad);
  return encode(
    SealedOpeningSchema,
    message(SealedOpeningSchema, {
      exchangeId,
      statementHash,
      content: { enc: session.enc, kid: session.kid, ...sealed },
    }),
  );
}

/** Whose commitments a record opens, as it says itself; nothing is opened. */
export function readSealedOpening(
  value: Uint8Array,
): Result<{ exchangeId: ExchangeId; statementHash: Buffer; kid: string; record: SealedOpening }, 'opening-malformed'> {
  const record = value.length > MAX_RECORD_BYTES ? undefined : decoded(SealedOpeningSchema, value);
  const exchangeId = record === undefined ? undefined : exchangeIdFromBytes(record.exchangeId);
  const kid = record?.content?.kid;
  if (record === undefined || exchangeId === undefined || kid === undefined) return refuse('opening-malformed');
  if (record.statementHash.length !== HASH_BYTES) return refuse('opening-malformed');
  return ok({ exchangeId, statementHash: Buffer.from(record.statementHash), kid, record });
}

/** Opens a record with the private keys behind `sessions`. Never throws for what somebody has sent. */
export async function openOpening(
  value: Uint8Array,
  sessions: OpeningSessions,
): Promise<Result<OpenedOpening, OpeningReason>> {
  const read = readSealedOpening(value);
  if (!read.ok) return read;
  const { exchangeId, statementHash, kid, record } = read.value;
  const { enc, nonce, ciphertext } = record.content ?? {};
  if (enc === undefined || nonce === undefined || ciphertext === undefined) return refuse('opening-malformed');
  const session = await sessions.open(kid, enc);
  if (!session.ok) return session;
  const bytes = openRecord(session.value.requestKey, nonce, ciphertext, answerAd(statementHash, record.exchangeId));
  if (bytes === undefined) return refuse('opening-unopenable');
  const content = decoded(OpeningContentSchema, bytes);
  if (content === undefined || !isSound(content)) return refuse('opening-malformed');
  return ok({ exchangeId, statementHash, content });
}

function isSound({ subjects, users, concealment }: OpeningContent): boolean {
  if (subjects.length + users.length > MAX_COMMITMENTS) return false;
  return concealment.length === 0 || concealment.length === HASH_BYTES;
}

function plain({ r, country, type, code }: SubjectOpening) {
  return { r, country, type, code };
}

function decoded<Schema extends typeof SealedOpeningSchema | typeof OpeningContentSchema>(
  schema: Schema,
  bytes: Uint8Array,
) {
  try {
    return decode(schema, bytes);
  } catch {
    // Bytes of another kind: their sender's fault, an answer.
    return undefined;
  }
}
