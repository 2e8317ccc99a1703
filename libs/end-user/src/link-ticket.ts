import { z } from 'zod';
import { ok, refuse, type InstanceId, type Result } from '#kernel';
import { documentKid, signDocument, verifyDocument, type Signer } from '#signing';
import type { RegistryView } from '#snapshot';

/** That a person had allowed this at `atMs`, as feedback says: good for one consumer, service and purpose. */
export interface LinkTicket {
  readonly instance: InstanceId;
  readonly consumer: string;
  /** `COUNTRY/TYPE/CODE`. */
  readonly subject: string;
  readonly service: string;
  readonly purpose: string;
  readonly atMs: number;
}

/** What a call asks a ticket for. */
export type LinkQuestion = Pick<LinkTicket, 'consumer' | 'subject' | 'service' | 'purpose'>;

/**
 * `link-missing`: the person has not allowed it, or not any more. `link-stale`: what was said is too old to go by.
 */
export type LinkReason = 'link-missing' | 'link-stale';

/** So long a ticket is gone by after it was made; a revoked link lets nothing through afterwards (E46). */
export const LINK_TICKET_MS = 3_000;
/** As far as clocks of the bus are apart at most, half a second each (`exchange.md`). */
const CLOCKS_APART_MS = 1_000;
const TYPE = 'kerege-link+jwt';
const MAX_CHARACTERS = 4_096;

const payloadSchema = z.strictObject({
  v: z.literal(1),
  instance: z.string(),
  consumer: z.string(),
  subject: z.string(),
  service: z.string(),
  purpose: z.string(),
  at: z.number().int(),
});

/** `signer` is the key that the snapshot publishes for the feedback instance. */
export function signLinkTicket({ atMs, ...said }: LinkTicket, signer: Signer): Promise<string> {
  return signDocument(TYPE, { v: 1, ...said, at: atMs }, signer);
}

/** Whether this ticket allows that call, made at `atMs`. Nothing of it is read before its signature is found good. */
export function checkLinkTicket(
  ticket: string,
  { consumer, subject, service, purpose }: LinkQuestion,
  { view, atMs }: { readonly view: RegistryView; readonly atMs: number },
): Result<LinkTicket, LinkReason> {
  const said = readTicket(ticket, view, atMs);
  if (said === undefined) return refuse('link-missing');
  const isAsked =
    said.consumer === consumer && said.subject === subject && said.service === service && said.purpose === purpose;
  if (!isAsked) return refuse('link-missing');
  const ageMs = atMs - said.atMs;
  return ageMs > LINK_TICKET_MS + CLOCKS_APART_MS || ageMs < -CLOCKS_APART_MS ? refuse('link-stale') : ok(said);
}

function readTicket(ticket: string, view: RegistryView, atMs: number): LinkTicket | undefined {
  const kid = ticket.length > MAX_CHARACTERS ? undefined : documentKid(TYPE, ticket);
  if (kid === undefined) return undefined;
  const feedbacks = view.instances.filter(({ kind }) => kind === 'feedback');
  for (const { id } of feedbacks) {
    const key = view.keyOf(id, kid);
    if (key?.use !== 'sign' || key.fromMs > atMs || atMs >= key.untilMs) continue;
    const verified = verifyDocument(TYPE, ticket, key.jwk);
    const parsed = verified.ok ? payloadSchema.safeParse(verified.value) : undefined;
    if (parsed?.success !== true || parsed.data.instance !== id) continue;
    const { consumer, subject, service, purpose, at } = parsed.data;
    return { instance: id, consumer, subject, service, purpose, atMs: at };
  }
  return undefined;
}
