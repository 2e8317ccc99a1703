import { ok, refuse, type Result } from '#kernel';
import { parseStatement, verifyStatement, type Statement } from '#signing';
import type { CheckedManifest } from './adoption.js';
import { publicDigest, snapshotDigestOf } from './digest-list.js';

/** Public keys with which a manifest may be signed: those of `trust.json`, never one from the snapshot. */
export interface RegistryKey {
  readonly kid: string;
  readonly jwk: Parameters<typeof verifyStatement>[1];
}

export type ManifestReason = 'manifest-malformed' | 'manifest-signature' | 'manifest-digests';

/** Checks a published manifest: statement, signature by a trusted registry key, and that it binds this digest list. */
export function checkManifest(
  manifest: { readonly statement: string; readonly digests: string },
  registryKeys: readonly RegistryKey[],
): Result<CheckedManifest & { readonly statement: Statement }, ManifestReason> {
  const parsed = parseStatement(manifest.statement);
  if (!parsed.ok) return refuse('manifest-malformed');
  const statement = parsed.value;
  const { payload } = statement;
  if (payload.t !== 'registry.manifest') return refuse('manifest-malformed');
  const key = registryKeys.find((candidate) => candidate.kid === statement.kid);
  if (key === undefined || !verifyStatement(statement, key.jwk)) return refuse('manifest-signature');
  const { n, until, doc } = payload;
  if (doc !== publicDigest(manifest.digests) || snapshotDigestOf(manifest.digests) === undefined)
    return refuse('manifest-digests');
  return ok({ number: n, untilMs: until, digests: manifest.digests, doc, statement });
}
