import { hash } from 'node:crypto';
import { ok, refuse, toBase64Url, type Result } from '#kernel';
import { parseCompactJws, signCompactJws, signedBytes, type JwsReason } from './compact-jws.js';
import type { Algorithm, PublicJwk } from './jwk.js';
import type { Signer } from './signer.js';
import { signingErrors } from './signing.errors.js';
import {
  isStatementPayload,
  payloadProblem,
  type PayloadReason,
  type RequestedPayload,
  type StatementPayload,
} from './statement-payload.js';
import { verifySignature } from './verify-signature.js';

const TYP = 'kerege-statement+jwt';
export const MAX_STATEMENT_BYTES = 8 * 1024;

export type StatementReason = JwsReason | PayloadReason;

/** One signed fact: the same bytes authenticate the message, bind its content, and are the leaf (`statements.md`). */
export interface Statement<Payload extends StatementPayload = StatementPayload> {
  readonly jws: string;
  /** RFC 6962 leaf hash: SHA-256(00 ‖ JWS). */
  readonly leafHash: Buffer;
  readonly kid: string;
  readonly alg: Algorithm;
  readonly payload: Payload;
}

/**
 * Reads a statement that somebody sent: strict and total, never throws. It says nothing about who signed it:
 * `verifyStatement` does, and `slotFor` whether that signer may.
 */
export function parseStatement(jws: string): Result<Statement, StatementReason> {
  const parsed = parseCompactJws(jws, TYP, MAX_STATEMENT_BYTES);
  if (!parsed.ok) return parsed;
  const { header, payload } = parsed.value;
  if (!isStatementPayload(payload)) return refuse(payloadProblem(payload) ?? 'statement-type');
  return ok({ jws, leafHash: statementLeafHash(jws), kid: header.kid, alg: header.alg, payload });
}

/**
 * Signs a payload after checking it by the same table that its readers use: an unsound statement would be refused by
 * intake only after the exchange depended on it. Throws `statement-unsound`; rejects with what the signer's device says.
 */
export async function signStatement<Payload extends StatementPayload>(
  payload: Payload,
  signer: Signer,
): Promise<Statement<Payload>> {
  const problem = payloadProblem({ ...payload });
  if (problem !== undefined) throw signingErrors.error('statement-unsound', { details: { problem, type: payload.t } });
  const jws = await signCompactJws(TYP, payload, signer);
  if (jws.length > MAX_STATEMENT_BYTES) {
    throw signingErrors.error('statement-unsound', { details: { problem: 'jws-too-large', type: payload.t } });
  }
  return { jws, leafHash: statementLeafHash(jws), kid: signer.kid, alg: signer.alg, payload };
}

/** True if the statement's signature is by this key and by no other reading of its header. Call once per process. */
export function verifyStatement(statement: Statement, jwk: PublicJwk): boolean {
  const signedLength = statement.jws.lastIndexOf('.');
  const signature = Buffer.from(statement.jws.slice(signedLength + 1), 'base64url');
  return verifySignature(jwk, statement, signedBytes(statement.jws, signedLength), signature);
}

/** The leaf hash of any statement's bytes, also of one that cannot be parsed. */
export function statementLeafHash(jws: string): Buffer {
  return hash('sha256', `\0${jws}`, 'buffer');
}

/** What every sequel says of its request (`statements.md` §2), whoever states it. */
export function sequelOf({ payload, leafHash }: Statement<RequestedPayload>, nowMs: number) {
  const { id, from, to, svc, ep } = payload;
  return { v: 1, id, ts: nowMs, from, to, svc, ep, prev: toBase64Url(leafHash) } as const;
}

/**
 * Whether `sequel` counts as the outcome of `requested` (`statements.md` §2): it names that very leaf and the same
 * parties. A look-up by exchange id alone decides nothing.
 */
export function isSequelOf(sequel: Statement, requested: Statement): boolean {
  const after = sequel.payload;
  const before = requested.payload;
  return (
    before.t === 'exchange.requested' &&
    after.prev === toBase64Url(requested.leafHash) &&
    after.id === before.id &&
    after.from === before.from &&
    after.to === before.to &&
    after.svc === before.svc
  );
}
