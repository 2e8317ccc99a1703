import { z } from 'zod';
import { ok, refuse, type MemberId, type Result } from '#kernel';
import { readDocument } from '#signing';
import type { MemberEntry } from './digest-list.js';
import { memberDocument, publishedKey } from './member-document.js';
import type { VerifiedMember } from './registry-view.js';

/** `typ` headers of what a member signs. */
export const MEMBER_DOCUMENT_TYPE = 'kerege-member+jwt';
export const KEY_CHAIN_TYPE = 'kerege-key+jwt';

/** One link: the member's key number n, signed by key n−1 (the first by itself). */
const keyLink = z.strictObject({
  v: z.literal(1),
  member: z.string(),
  number: z.number().int().positive(),
  key: publishedKey.pick({ kid: true, jwk: true }),
});
type MemberKey = z.infer<typeof keyLink>['key'];

export type MemberEntryReason =
  'key-chain-invalid' | 'key-chain-broken' | 'key-chain-rewritten' | 'document-signature' | 'document-invalid';

/**
 * Checks a member's entry (`bus.md` §6): the chain from its first key, each link signed by the key before it, then the
 * document by the newest key. `known` is what this reader believed before: its chain must be a prefix of the new one,
 * so that even the registry's key cannot slip in a key that the member did not sign.
 */
export function verifyMemberEntry(
  entry: MemberEntry,
  known?: Pick<VerifiedMember, 'entry'>,
): Result<VerifiedMember, MemberEntryReason> {
  if (known?.entry.keyChain.some((link, index) => entry.keyChain[index] !== link) === true)
    return refuse('key-chain-rewritten');
  const newest = walkKeyChain(entry.id as MemberId, entry.keyChain);
  if (!newest.ok) return newest;
  const signed = readDocument(MEMBER_DOCUMENT_TYPE, entry.document);
  if (!signed.ok || signed.value.kid !== newest.value.kid || !signed.value.isSignedBy(newest.value.jwk))
    return refuse('document-signature');
  const document = memberDocument.safeParse(signed.value.payload);
  if (!document.success || document.data.member !== entry.id) return refuse('document-invalid');
  return ok({ entry, document: document.data });
}

function walkKeyChain(member: MemberId, chain: readonly string[]): Result<MemberKey, MemberEntryReason> {
  let newest: MemberKey | undefined;
  for (const [index, jws] of chain.entries()) {
    const signed = readDocument(KEY_CHAIN_TYPE, jws);
    if (!signed.ok) return refuse('key-chain-invalid');
    const link = keyLink.safeParse(signed.value.payload);
    if (!link.success || link.data.member !== member || link.data.number !== index + 1)
      return refuse('key-chain-invalid');
    const signer = newest ?? link.data.key;
    if (signed.value.kid !== signer.kid || !signed.value.isSignedBy(signer.jwk)) return refuse('key-chain-broken');
    newest = link.data.key;
  }
  return newest === undefined ? refuse('key-chain-invalid') : ok(newest);
}
