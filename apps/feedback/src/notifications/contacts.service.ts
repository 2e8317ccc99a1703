import { z } from 'zod';
import type { Clock } from '#kernel';
import { signReaderToken } from '#reader-auth';
import type { Signer } from '#signing';
import type { JsonPosts } from './json-post.service.js';
import type { PortalPlaces } from './portal-places.js';
import type { Transmission } from './transmission.js';

export interface ContactsParts {
  readonly posts: JsonPosts;
  /** Contact endpoint of each portal. */
  readonly places: PortalPlaces;
  /** Feedback itself, as the registry knows it. */
  readonly instanceId: string;
  /** Undefined while the registry publishes no key of ours. */
  readonly signer: () => Signer | undefined;
  readonly clock: Clock;
}

/** Held for one transmission and then forgotten. */
export type Contact = { readonly address: string } | Extract<Transmission, { kind: 'again' | 'nowhere' }>;

/** Said by the portal itself. */
export const NO_ADDRESS = 'no-address';

const TOKEN_S = 60;
/** `null`: there is none, and that ends it. Nothing else does: a 404 may be anybody's, e.g. that of a proxy. */
const ADDRESS = {
  email: z.object({ address: z.email().max(254).nullable() }),
  // E.164.
  sms: z.object({
    address: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/u)
      .nullable(),
  }),
} as const;

/**
 * Asks a portal what its handle stands for, each time that something is sent. Feedback shows by a token of its own key
 * who asks, and never keeps what it is told: no row, no log line and no error has an address.
 */
export class Contacts {
  constructor(private readonly parts: ContactsParts) {}

  async find(portal: string, handle: string, channel: 'email' | 'sms'): Promise<Contact> {
    const { posts, places, instanceId, signer, clock } = this.parts;
    const url = places.get(portal);
    if (url === undefined) return { kind: 'nowhere', why: 'portal-without-contacts' };
    const key = signer();
    if (key === undefined) return { kind: 'again', why: 'contact-unsigned' };
    const claims = { subsystem: instanceId, audience: url, nowMs: clock.now() };
    const token = await signReaderToken(claims, key, TOKEN_S);
    const answer = await posts.post({ url, body: { handle, channel }, headers: { authorization: `Bearer ${token}` } });
    if ('isSent' in answer) return { kind: 'again', why: 'contact-unreachable' };
    if (answer.status !== 200) return { kind: 'again', why: `contact-${answer.status}` };
    const read = ADDRESS[channel].safeParse(parsed(answer.text));
    if (!read.success) return { kind: 'again', why: 'contact-malformed' };
    const { address } = read.data;
    return address === null ? { kind: 'nowhere', why: NO_ADDRESS } : { address };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON, hence no address.
    return undefined;
  }
}
