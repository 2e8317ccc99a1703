import { z } from 'zod';

/** `kind` of a delivery that tells a member that a person has ended their link with it. */
export const LINK_REVOKED_KIND = 'link.revoked';

/** What the member of a link reads of its end, and nobody else. */
const linkRevokedContent = z.object({
  linkId: z.string(),
  /** `COUNTRY/TYPE/CODE`. */
  subject: z.string(),
  /** Through which the person had allowed it. */
  portal: z.string(),
  direction: z.enum(['TO_MEMBER', 'FROM_MEMBER', 'BOTH']),
  /** What the link was for; an empty list is any. */
  services: z.array(z.string()),
  purposes: z.array(z.string()),
  /** Version of the notice that the person had read. */
  notice: z.string(),
  /** ISO instants. */
  grantedAt: z.string(),
  revokedAt: z.string(),
  /** Leaf hash of the `link.granted` that is over, base64url. */
  granted: z.string(),
  /** `link.revoked`, a compact JWS: its `prev` is `granted`. */
  statement: z.string(),
});
export type LinkRevokedContent = z.infer<typeof linkRevokedContent>;

/** What was opened; undefined if it is no such end. */
export function readLinkRevoked(content: unknown): LinkRevokedContent | undefined {
  return linkRevokedContent.safeParse(content).data;
}
