import { z } from 'zod';
import { ok, refuse, type MemberId, type Result } from '#kernel';
import { documentKid, thumbprint, verifyDocument } from '#signing';

import { areCredentialsNamed } from './credential.js';
import type { MemberEntry } from './digest-list.js';
import { memberDocument, publishedKey, type MemberDocument } from './member-document.js';
import type { VerifiedMember } from './registry-view.js';

/** `typ` headers of what a member signs. */
export const MEMBER_DOCUMENT_TYPE = 'kerege-member+jwt' as const;
export const KEY_CHAIN_TYPE = 'kerege-key+jwt' as const;

/** One link: the member's key number n, signed by key n−1 (the first by itself). */
const keyLink = z.strictObject({
  v: z.literal(1),
  member: z.string(),
  number: z.number().int().positive(),
  key: publishedKey.pick({ kid: true, jwk: true }),
});
type MemberKey = z.infer<typeof keyLink>['key'];

export type MemberEntryReason =
  | 'key-chain-invalid'
  | 'key-chain-broken'
  | 'key-chain-rewritten'
  | 'document-signature'
  | 'document-invalid'
  | 'document-rolled-back';

/**
 * Checks a member's entry (`bus.md` §6): the chain from its first key, each link signed by the key before it, then the
 * document by the newest key. `known` is what this reader believed before: its chain must be a prefix of the new one,
 * so that even the registry's key cannot slip in a key that the member did not sign; and where its document is given,
 * too, the new one may not have been signed earlier, so that nobody brings back what the member has revoked.
 */
export function verifyMemberEntry(
  entry: MemberEntry,
  known?: Pick<VerifiedMember, 'entry'> & Partial<VerifiedMember>,
): Result<VerifiedMember, MemberEntryReason> {
  if (known?.entry.keyChain.some((link, index) => entry.keyChain[index] !== link) === true)
    return refuse('key-chain-rewritten');
  const newest = walkKeyChain(entry.id as MemberId, entry.keyChain);
  if (!newest.ok) return newest;
  if (documentKid(MEMBER_DOCUMENT_TYPE, entry.document) !== newest.value.kid) return refuse('document-signature');
  const signed = verifyDocument(MEMBER_DOCUMENT_TYPE, entry.document, newest.value.jwk);
  if (!signed.ok) return refuse('document-signature');
  const document = memberDocument.safeParse(signed.value);
  if (!document.success || document.data.member !== entry.id || !kidsAreThumbprints(document.data))
    return refuse('document-invalid');
  if (isRolledBack(document.data, known?.document)) return refuse('document-rolled-back');
  return ok({ entry, document: document.data });
}

/** Whether a document is older than one that is known: both are the member's own word, and the later one counts. */
export function isRolledBack(document: MemberDocument, known: MemberDocument | undefined): boolean {
  return signedAtMs(document) < signedAtMs(known);
}

/** One without a time is from before there were any, hence older than all that have one. */
function signedAtMs(document: MemberDocument | undefined): number {
  return document?.signedAt === undefined ? -Infinity : Date.parse(document.signedAt);
}

function walkKeyChain(member: MemberId, chain: readonly string[]): Result<MemberKey, MemberEntryReason> {
  let newest: MemberKey | undefined;
  for (const [index, jws] of chain.entries()) {
    const claimed = newest ?? firstKeyOf(jws);
    if (claimed === undefined) return refuse('key-chain-invalid');
    if (documentKid(KEY_CHAIN_TYPE, jws) !== claimed.kid) return refuse('key-chain-broken');
    const signed = verifyDocument(KEY_CHAIN_TYPE, jws, claimed.jwk);
    if (!signed.ok) return refuse('key-chain-broken');
    const link = keyLink.safeParse(signed.value);
    if (!link.success || link.data.member !== member || link.data.number !== index + 1)
      return refuse('key-chain-invalid');
    if (thumbprint(link.data.key.jwk) !== link.data.key.kid) return refuse('key-chain-invalid');
    newest = link.data.key;
  }
  return newest === undefined ? refuse('key-chain-invalid') : ok(newest);
}

/** The key that the first link of a chain claims, with which it must be signed: read before it is verified. */
function firstKeyOf(jws: string): MemberKey | undefined {
  const link = keyLink.safeParse(unverifiedPayload(jws));
  return link.success ? link.data.key : undefined;
}

function unverifiedPayload(jws: string): unknown {
  try {
    return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    // No JSON, no key: the caller refuses the chain.
    return undefined;
  }
}

/** A `kid` names exactly one key (RFC 7638); one that does not would let a key hide behind another's name. */
function kidsAreThumbprints(document: MemberDocument): boolean {
  const keys = [...document.subsystems, ...document.instances].flatMap((owner) => owner.keys);
  return (
    keys.every((key) => thumbprint(key.jwk) === key.kid) &&
    document.subsystems.every(({ credentials = [] }) => areCredentialsNamed(credentials))
  );
}
