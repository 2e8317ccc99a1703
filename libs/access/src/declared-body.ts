/** What of a request says whether its body is what it claims to be. */
export interface DeclaredBody {
  readonly method: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: Uint8Array;
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const BODILESS: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'];

/** Whether a `Content-Type` declares JSON, of whatever kind. */
export function isJsonType(contentType: string): boolean {
  return JSON_TYPE.test(contentType.trim());
}

/**
 * Whether a body is JSON where one is declared; every other type is the provider's to judge, and so is the schema. Of
 * several declarations one is enough: nobody knows which of them the agency's system will read.
 */
export function isBodyAsDeclared({ method, headers, body }: DeclaredBody): boolean {
  const isJson = headers.some(({ name, value }) => name.toLowerCase() === 'content-type' && isJsonType(value));
  if (!isJson) return true;
  if (body.length === 0) return BODILESS.includes(method);
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return true;
  } catch {
    // Not UTF-8 or no JSON: that is the answer to the question asked.
    return false;
  }
}
