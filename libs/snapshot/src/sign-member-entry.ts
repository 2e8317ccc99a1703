import { publicJwk, signDocument, type PublicJwk, type Signer } from '#signing';
import type { MemberEntry } from './digest-list.js';
import type { MemberDocument } from './member-document.js';
import { KEY_CHAIN_TYPE, MEMBER_DOCUMENT_TYPE } from './member-entry.js';

/** One of a member's own keys, from its first to its newest. */
export interface MemberKeyPair {
  readonly signer: Signer;
  readonly jwk: PublicJwk;
}

/**
 * What a member sends to the registry (`bus.md` §6): the chain of its keys, each link signed by the key before it, and
 * its document signed by the newest. With Ed25519 the same input gives the same bytes, so applying twice changes nothing.
 */
export async function signMemberEntry(
  document: MemberDocument,
  first: MemberKeyPair,
  ...later: readonly MemberKeyPair[]
): Promise<MemberEntry> {
  let signer = first.signer;
  const keyChain: string[] = [];
  for (const [index, key] of [first, ...later].entries()) {
    const link = {
      v: 1,
      member: document.member,
      number: index + 1,
      key: { kid: key.signer.kid, jwk: publicJwk(key.jwk) },
    };
    keyChain.push(await signDocument(KEY_CHAIN_TYPE, link, signer));
    signer = key.signer;
  }
  return { id: document.member, document: await signDocument(MEMBER_DOCUMENT_TYPE, document, signer), keyChain };
}
