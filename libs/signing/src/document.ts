import { ok, refuse, type Result } from '#kernel';
import { parseCompactJws, signCompactJws, signedBytes, type JwsReason } from './compact-jws.js';
import type { PublicJwk } from './jwk.js';
import type { Signer } from './signer.js';
import { verifySignature } from './verify-signature.js';

/**
 * What members sign of themselves (`bus.md` §6): their document, and each change of their key. And what operators sign:
 * that a log may be started although no witness answers (`audit-log.md` §3.4). And what feedback signs: the key for which
 * openings are sealed today (§4.4), and what persons allow just now. And what auditors sign: whether feedback shows all that
 * the log holds (§4.3). And what supervisor and operator order in a case. And
 * tokens of whoever asks; and by gateways, those for their consumers (RFC 9068).
 */
export type DocumentType =
  | 'kerege-member+jwt'
  | 'kerege-key+jwt'
  | 'kerege-start+jwt'
  | 'kerege-opening-key+jwt'
  | 'kerege-completeness+jwt'
  | 'kerege-link+jwt'
  | 'kerege-case-order+jwt'
  | 'kerege-reader+jwt'
  | 'at+jwt';
export type DocumentReason = JwsReason | 'document-signature';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

export function signDocument(typ: DocumentType, payload: object, signer: Signer): Promise<string> {
  return signCompactJws(typ, payload, signer);
}

/** The key that a document claims, so that its reader can look that key up. Nothing is verified. */
export function documentKid(typ: DocumentType, jws: string): string | undefined {
  const parsed = parseCompactJws(jws, typ, MAX_DOCUMENT_BYTES);
  return parsed.ok ? parsed.value.header.kid : undefined;
}

/** The payload if `jwk` signed it; still to be parsed by its own schema. */
export function verifyDocument(
  typ: DocumentType,
  jws: string,
  jwk: PublicJwk,
): Result<Readonly<Record<string, unknown>>, DocumentReason> {
  const parsed = parseCompactJws(jws, typ, MAX_DOCUMENT_BYTES);
  if (!parsed.ok) return parsed;
  const { header, payload, signature, signedLength } = parsed.value;
  if (!verifySignature(jwk, header, signedBytes(jws, signedLength), signature)) return refuse('document-signature');
  return ok(payload);
}
