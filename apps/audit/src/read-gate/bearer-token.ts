import { timingSafeEqual } from 'node:crypto';
import { fromHex, sha256 } from '#kernel';
import { readGateErrors } from './read-gate.errors.js';

/** Hashes of the tokens of a setting; whoever reads the setting cannot read the log. */
export function tokenHashes(texts: readonly string[]): Buffer[] {
  return texts.map((text) => {
    const hash = fromHex(text);
    if (hash?.length !== 32) throw readGateErrors.error('reader-token-setting');
    return hash;
  });
}

/** What the setting says where everybody may read leaves. */
export const PUBLIC = 'public';

/**
 * Hashes of the tokens that open the gate; none: it stands open. That is a choice which somebody has to make wherever
 * others than this machine reach the log. Throws `readers-unset` or `reader-token-setting`.
 */
export function readersOf(texts: readonly string[], isLocal: boolean): Buffer[] {
  if (texts.length === 1 && texts[0] === PUBLIC) return [];
  if (texts.length === 0 && !isLocal) throw readGateErrors.error('readers-unset');
  return tokenHashes(texts);
}

/** Whether an `Authorization` header carries one of the tokens (RFC 6750 §2.1). Looks at all of them, always. */
export function carriesToken(authorization: string | undefined, hashes: readonly Buffer[]): boolean {
  const [, token] = /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/iu.exec(authorization ?? '') ?? [];
  if (token === undefined) return false;
  const hash = sha256(token);
  return hashes.filter((known) => timingSafeEqual(known, hash)).length > 0;
}
