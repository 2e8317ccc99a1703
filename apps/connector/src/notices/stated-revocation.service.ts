import { readLinkRevoked, type DeliveryHead } from '#deliveries';
import { refuse, type Result } from '#kernel';
import { parseStatement } from '#signing';
import type { RegistryView } from '#snapshot';
import { signedByFeedback } from './stated-question.service.js';

/** As of a question: not said by feedback, or nobody knows yet whether. */
export type RevocationFlaw = 'revocation-malformed' | 'revocation-unstated' | 'revocation-key-unknown';

/**
 * Whether feedback has stated that this link is over: nobody else who may write to the topic is to make a member end what
 * a person has allowed it. The leaf binds the id, the member and the link's own leaf; whose link it was rests on who may
 * write to the topic, as with a question, and the member knows it by the leaf.
 */
export function checkRevocation(
  head: DeliveryHead,
  content: unknown,
  view: RegistryView,
): Result<true, RevocationFlaw> {
  const told = readLinkRevoked(content);
  if (told === undefined) return refuse('revocation-malformed');
  const read = parseStatement(told.statement);
  if (!read.ok || read.value.payload.t !== 'link.revoked') return refuse('revocation-unstated');
  const { id, from, to, prev, ts } = read.value.payload;
  const isSame = id === head.id && to === head.to && from === told.portal && prev === told.granted;
  if (!isSame || ts !== Date.parse(told.revokedAt)) return refuse('revocation-unstated');
  const signed = signedByFeedback(read.value, view);
  return signed.ok ? signed : refuse(`revocation-${signed.reason}` as const);
}
