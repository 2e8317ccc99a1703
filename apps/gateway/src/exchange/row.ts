import { fromBase64Url, type ExchangeId, type ServiceId, type SubsystemId } from '#kernel';
import { parseStatement, type RequestedPayload, type Statement, type SubjectOpening } from '#signing';
import type { Side } from './exchange.js';

/** The secret that shows what a commitment of the requested statement speaks of, as the row and evidence keep it. */
export interface RowOpening {
  readonly kind: 'subject' | 'user';
  /** Index in the statements of the evidence, and in that statement's array of commitments. */
  readonly statement: number;
  readonly index: number;
  /** base64url. */
  readonly r: string;
  readonly country: string;
  readonly type: string;
  readonly code: string;
}

/** Head of a request as `req` covers it, and the body's digest: what a verifier needs to recompute it. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** base64url; null when there was no body. */
  readonly bodySha512: string | null;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodySha512: string;
}

/** What is written before, or beside, the sending of an exchange (`bus.md` §4.1). Holds personal data; erasable. */
export interface NewRow {
  readonly id: ExchangeId;
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  readonly fingerprint: Buffer;
  readonly requested: string;
  readonly salt: Buffer;
  readonly openings: readonly RowOpening[];
  readonly requestHead: RequestHead;
  /** Leaf hash, base64url, of the order that the call named; it travels with every opening of the request. */
  readonly concealment?: string | undefined;
  readonly deadlineMs: number;
  readonly createdMs: number;
}

export type OutcomeKind = 'answered' | 'refused' | 'failed';

/** How an exchange ended; written once. */
export interface RowOutcome {
  readonly kind: OutcomeKind;
  readonly code?: string | undefined;
  readonly side?: Side | undefined;
  /** The statement that says so; absent where none could be made. */
  readonly jws?: string | undefined;
  /** Whose statement it is: `gateway` = signed with the consumer's key, and re-sent until the log has it. */
  readonly by: 'gateway' | 'provider';
  readonly answerHead?: AnswerHead | undefined;
  readonly endedMs: number;
}

export interface StoredRow extends Omit<NewRow, 'fingerprint'> {
  readonly outcome: RowOutcome | undefined;
}

/** The openings of a row's requested statement, in the order of its commitments. */
export function openingsOfRow({ openings, concealment }: Pick<StoredRow, 'openings' | 'concealment'>) {
  const own = openings.filter(({ statement }) => statement === 0).sort((one, other) => one.index - other.index);
  const of = (wanted: RowOpening['kind']) => own.filter(({ kind }) => kind === wanted).map(openingOf);
  const named = concealment === undefined ? undefined : fromBase64Url(concealment);
  return { subjects: of('subject'), users: of('user'), ...(named === undefined ? {} : { concealment: named }) };
}

function openingOf({ r, country, type, code }: RowOpening): SubjectOpening {
  return { r: fromBase64Url(r) ?? Buffer.alloc(0), country, type, code };
}

/** The requested statement of a row; undefined only if the row is not of our writing. */
export function requestedOf(row: Pick<StoredRow, 'requested'>): Statement<RequestedPayload> | undefined {
  const parsed = parseStatement(row.requested);
  if (!parsed.ok) return undefined;
  const { payload } = parsed.value;
  return payload.t === 'exchange.requested' ? { ...parsed.value, payload } : undefined;
}
