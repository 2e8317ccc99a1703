import { randomBytes } from 'node:crypto';
import { encode, message, RequestContentSchema, RequestSchema, type RequestContent } from '#contracts';
import { exchangeIdBytes, fromBase64Url, sha512, toBase64Url, type ExchangeId } from '#kernel';
import {
  commit,
  h1,
  requestAd,
  sealRecord,
  xroadRequestHash,
  type RequestedPayload,
  type RequestHead as SignedHead,
  type SealingSession,
  type Statement,
  type SubjectOpening,
} from '#signing';
import type { Admitted } from './admission.js';
import { signedHeaders, type ExchangeRequest } from './exchange.js';
import type { RequestHead, RowOpening } from './row.js';

/** A request as it will be signed, sealed and recorded; made once, so that the three cannot disagree. */
export interface Outgoing {
  readonly id: ExchangeId;
  readonly salt: Buffer;
  /** `X-Road-Request-Hash`, 64 bytes. */
  readonly requestHash: Buffer;
  readonly payload: RequestedPayload;
  readonly content: RequestContent;
  readonly openings: readonly RowOpening[];
  readonly head: RequestHead;
}

/** Commits, digests and lays out `RequestContent` (`statements.md` §4–5). No personal data is in `payload`. */
export function prepare(id: ExchangeId, request: ExchangeRequest, admitted: Admitted, nowMs: number): Outgoing {
  const salt = randomBytes(32);
  const headers = signedHeaders(request);
  const { method, target, body } = request;
  const signed: SignedHead = { method, target: target.raw, headers, body };
  const requestHash = xroadRequestHash(signed);
  const { subject, endUser, permit } = admitted;
  const committed = subject === undefined || subject === 'in-answer' ? [] : [commit('subject', subject)];
  const acting = endUser === undefined ? undefined : commit('user', endUser.user);
  const concealment = bytesOf(request.context.concealment);
  return {
    id,
    salt,
    requestHash,
    payload: {
      v: 1,
      t: 'exchange.requested',
      id,
      ts: nowMs,
      from: request.consumer,
      to: target.provider,
      svc: target.service,
      ep: permit.endpoint,
      pur: permit.purpose,
      law: permit.legalBasis,
      req: h1(salt, requestHash),
      subj: committed.map(({ commitment }) => commitment),
      ...(acting === undefined ? {} : { user: [acting.commitment] }),
      snap: admitted.view.number,
    },
    content: message(RequestContentSchema, {
      method,
      target: target.raw,
      // The octets that Node read as latin1 go on as they came.
      headers: headers.map(({ name, value }) => ({ name, value: Buffer.from(value, 'latin1') })),
      body,
      salt,
      subjects: committed.map(({ opening }) => ({ ...opening })),
      ...(acting === undefined
        ? {}
        : { endUser: { ...acting.opening }, endUserAssertion: request.context.endUser ?? '' }),
      ...(concealment === undefined ? {} : { concealment }),
      ...(admitted.linkTicket === undefined ? {} : { linkTicket: admitted.linkTicket }),
    }),
    openings: [
      ...committed.map(({ opening }, index) => rowOpening('subject', opening, index)),
      ...(acting === undefined ? [] : [rowOpening('user', acting.opening, 0)]),
    ],
    head: {
      method,
      target: target.raw,
      headers: headers.map(({ name, value }) => [name, value] as const),
      bodySha512: body.length === 0 ? null : toBase64Url(sha512(body)),
    },
  };
}

/** What feedback is told, so that it can open the statement's commitments. */
export function openingsIn({ id, content }: Outgoing, { leafHash }: Statement) {
  const { subjects, endUser, concealment } = content;
  const users = endUser === undefined ? [] : [endUser];
  const named = concealment.length === 0 ? {} : { concealment };
  return { exchangeId: id, statementHash: leafHash, subjects, users, ...named };
}

const LONGEST_WAY_BACK_MS = 500;

/**
 * The provider's deadline lies before ours, so that its word of an agency that is too slow is here before we say that
 * nobody answered: a tenth of the time, half a second at most.
 */
export function providerDeadlineMs(sentMs: number, deadlineMs: number): number {
  return deadlineMs - Math.max(0, Math.min(LONGEST_WAY_BACK_MS, Math.floor((deadlineMs - sentMs) / 10)));
}

/** The value of the record on the provider's request topic. `deadlineMs` is the gateway's own. */
export function sealRequest(
  outgoing: Outgoing,
  requested: Statement,
  session: SealingSession,
  address: { readonly replyTopic: string; readonly deadlineMs: number; readonly snapshot: number },
): Uint8Array {
  const id = exchangeIdBytes(outgoing.id);
  const deadlineMs = providerDeadlineMs(outgoing.payload.ts, address.deadlineMs);
  const ad = requestAd(requested.leafHash, id, deadlineMs, address.replyTopic);
  const sealed = sealRecord(session.requestKey, encode(RequestContentSchema, outgoing.content), ad);
  return encode(
    RequestSchema,
    message(RequestSchema, {
      exchangeId: id,
      statement: requested.jws,
      content: { enc: session.enc, kid: session.kid, ...sealed },
      replyTopic: address.replyTopic,
      deadlineMs: BigInt(deadlineMs),
      snapshot: BigInt(address.snapshot),
    }),
  );
}

/** Bytes of a base64url text that the edge has checked. */
function bytesOf(text: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  const bytes = text === undefined ? undefined : fromBase64Url(text);
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}

function rowOpening(kind: RowOpening['kind'], { r, country, type, code }: SubjectOpening, index: number): RowOpening {
  return { kind, statement: 0, index, r: toBase64Url(r), country, type, code };
}
