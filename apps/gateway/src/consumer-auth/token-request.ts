import { ok, refuse, type Result } from '#kernel';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export type TokenRequestReason =
  'token-request-malformed' | 'grant-type-unsupported' | 'scope-unknown' | 'assertion-missing';

export interface TokenRequest {
  readonly assertion: string;
  /** If the client says who it is beside its assertion, it must be the same (RFC 7521 §4.2). */
  readonly clientId: string | undefined;
}

/** Reads a form (RFC 6749 §4.4.2, RFC 7523 §2.2): every parameter once, unknown ones ignored, empty ones absent. */
export function parseTokenRequest(
  contentType: string | undefined,
  body: Uint8Array,
): Result<TokenRequest, TokenRequestReason> {
  const form = formOf(contentType, body);
  if (form === undefined) return refuse('token-request-malformed');
  const value = (name: string) => form.get(name) ?? '';
  if (value('grant_type') === '') return refuse('token-request-malformed');
  if (value('grant_type') !== 'client_credentials') return refuse('grant-type-unsupported');
  if (value('client_assertion_type') !== ASSERTION_TYPE || value('client_assertion') === '')
    return refuse('assertion-missing');
  if (value('scope') !== '') return refuse('scope-unknown');
  return ok({ assertion: value('client_assertion'), clientId: value('client_id') || undefined });
}

function formOf(contentType: string | undefined, body: Uint8Array): URLSearchParams | undefined {
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return undefined;
  const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
  const names = [...form.keys()];
  return new Set(names).size === names.length ? form : undefined;
}
