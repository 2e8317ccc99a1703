import { LRUCache } from 'lru-cache';
import { request } from 'undici';
import { LINK_TICKET_MS, type LinkQuestion } from '#end-user';
import { ok, refuse, type Clock, type Result } from '#kernel';
import { signReaderToken } from '#reader-auth';
import { isSignerUnavailable, type Signer } from '#signing';
import { boundedText } from '../bounded-text.js';
import type { LinkRefusal } from './link-refusal.js';

export interface LinkTicketsParts {
  /** URL of feedback, also as `aud` of the consumer's tokens; empty: nobody says what persons allow. */
  readonly feedbackUrl: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly failed: (what: string, cause: unknown) => void;
}

/** Whoever says whether a person allows a call. */
export interface LinkTickets {
  /** A ticket that is good now. Never rejects. `signer` has the consumer's own key. */
  ticket(question: LinkQuestion, signer: Signer): Promise<Result<string, LinkRefusal>>;
}

/** Where no feedback is set: what needs a link is not sent. */
export const noLinks: LinkTickets = { ticket: () => Promise.resolve(refuse('links-unavailable')) };

const TOKEN_S = 60;
const MAX_KEPT = 10_000;
const MAX_BYTES = 8 * 1024;

/**
 * Asks feedback, in the consumer's name, whether a person allows a call, and keeps the ticket as long as it is good: so a
 * revocation is over with in less than five seconds (E46). Only calls that need a link come here; of all others none
 * waits for feedback. Fails closed: no answer in time is no.
 */
export class LinkTicketsService implements LinkTickets {
  /** By question; a "no" is not kept, because a person may just have allowed it. */
  private readonly kept = new LRUCache<string, { readonly ticket: string; readonly untilMs: number }>({
    max: MAX_KEPT,
  });

  constructor(private readonly parts: LinkTicketsParts) {}

  async ticket(question: LinkQuestion, signer: Signer): Promise<Result<string, LinkRefusal>> {
    const { clock, failed } = this.parts;
    const name = JSON.stringify([question.consumer, question.subject, question.service, question.purpose]);
    const kept = this.kept.get(name);
    // Feedback made it after we asked: counted from the asking it never lives too long.
    const askedMs = clock.now();
    if (kept !== undefined && askedMs < kept.untilMs) return ok(kept.ticket);
    try {
      const asked = await this.ask(question, signer);
      if (asked.ok) this.kept.set(name, { ticket: asked.value, untilMs: askedMs + LINK_TICKET_MS });
      return asked;
    } catch (cause) {
      if (isSignerUnavailable(cause)) return refuse('signer-unavailable');
      failed('link-ticket', cause);
      return refuse('links-unavailable');
    }
  }

  private async ask(question: LinkQuestion, signer: Signer): Promise<Result<string, LinkRefusal>> {
    const { feedbackUrl, timeoutMs } = this.parts;
    const { consumer, ...asked } = question;
    const response = await request(`${feedbackUrl}/v1/links/tickets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.token(consumer, signer)}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await boundedText(response.body, MAX_BYTES);
    if (response.statusCode === 404) return refuse('link-missing');
    const ticket = response.statusCode === 200 ? ticketIn(text) : undefined;
    if (ticket !== undefined) return ok(ticket);
    this.parts.failed('link-ticket', { status: response.statusCode });
    return refuse('links-unavailable');
  }

  private token(consumer: string, signer: Signer): Promise<string> {
    const { feedbackUrl: audience, clock } = this.parts;
    return signReaderToken({ subsystem: consumer, audience, nowMs: clock.now() }, signer, TOKEN_S);
  }
}

function ticketIn(text: string): string | undefined {
  try {
    const ticket: unknown = Reflect.get(JSON.parse(text) as object, 'ticket');
    return typeof ticket === 'string' && ticket !== '' ? ticket : undefined;
  } catch {
    // No answer of feedback's: the caller says so.
    return undefined;
  }
}
