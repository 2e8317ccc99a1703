import { timingSafeEqual } from 'node:crypto';
import { AssertionMemory, verifyEndUser, type EndUser } from '#end-user';
import { parseSubsystemId, sha256, type Clock, type Secret, type SubsystemId } from '#kernel';
import { checkReaderToken, signingKeyOf, TokenMemory } from '#reader-auth';
import type { RegistryView } from '#snapshot';
import { callerErrors } from './caller.errors.js';

/** A person, and the portal through which they ask. */
export interface Caller {
  readonly portal: SubsystemId;
  readonly person: EndUser;
}

/** Headers of a call that a connector makes. */
export interface OverBus {
  readonly authorization: string | undefined;
  readonly client: string | undefined;
  readonly assertion: string | undefined;
}

export interface CallerAuthParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** Feedback's own URL, as `aud` of a portal's token names it. */
  readonly audience: string;
  /** Subsystems that may show persons their accesses. */
  readonly portals: readonly string[];
  /** Of the connector that serves findUsage; empty: nobody is believed there. */
  readonly usageToken: Secret;
  /** Subsystems that may hold feedback against the log. */
  readonly auditors: readonly string[];
}

/**
 * Who asks for a person (`corrections.md` §3): a portal by a token of its own key, and the person by an assertion that an
 * issuer of the registry made for that very portal. Either alone opens nothing.
 */
export class CallerAuth {
  private readonly tokens = new TokenMemory();
  private readonly assertions = new AssertionMemory();

  constructor(private readonly parts: CallerAuthParts) {}

  /** From the headers `Authorization` and `Kerege-End-User`. Throws why not, as a coded refusal. */
  async authenticate(authorization: string | undefined, assertion: string | undefined): Promise<Caller> {
    const { view, nowMs } = this.known();
    const portal = await this.readerOf(authorization, view, nowMs);
    if (!this.parts.portals.includes(portal)) throw callerErrors.error('caller-not-portal');
    return { portal, person: await this.personOf(assertion, portal, view, nowMs) };
  }

  /**
   * Of a call that came over the bus: its connector says which portal called, and hands on the assertion that it has
   * judged, which is judged here again. Every connector that a portal calls for a person sees such an assertion, so only
   * the one that has the token is believed.
   */
  async authenticateOverBus({ authorization, client, assertion }: OverBus): Promise<Caller> {
    const token = bearerOf(authorization);
    if (token === undefined) throw callerErrors.error('caller-token-missing');
    const { usageToken } = this.parts;
    if (usageToken.isEmpty || !isSame(token, usageToken.reveal())) throw callerErrors.error('connector-unknown');
    const { view, nowMs } = this.known();
    const portal = parseSubsystemId(decoded(client ?? ''));
    if (!portal.ok || !this.parts.portals.includes(portal.value)) throw callerErrors.error('caller-not-portal');
    return { portal: portal.value, person: await this.personOf(assertion, portal.value, view, nowMs) };
  }

  /** Whichever subsystem asks for what is its own, from the header `Authorization`. Throws why not. */
  async member(authorization: string | undefined): Promise<SubsystemId> {
    const { view, nowMs } = this.known();
    return this.readerOf(authorization, view, nowMs);
  }

  /** From the header `Authorization`; an auditor asks for nobody. */
  async authenticateAuditor(authorization: string | undefined): Promise<SubsystemId> {
    const reader = await this.member(authorization);
    if (!this.parts.auditors.includes(reader)) throw callerErrors.error('caller-not-auditor');
    return reader;
  }

  private known() {
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    return { view, nowMs: this.parts.clock.now() };
  }

  private async readerOf(authorization: string | undefined, view: RegistryView, nowMs: number): Promise<SubsystemId> {
    const token = bearerOf(authorization);
    if (token === undefined) throw callerErrors.error('caller-token-missing');
    const checked = await checkReaderToken(token, {
      audience: this.parts.audience,
      nowMs,
      keyOf: (subsystem, kid) => signingKeyOf(view, subsystem, kid, nowMs),
    });
    if (!checked.ok) throw callerErrors.error('caller-token-invalid', { extensions: { problem: checked.reason } });
    const { reader } = checked.value;
    const use = this.tokens.use(reader, checked.value, nowMs);
    if (use === 'again') throw callerErrors.error('caller-token-used');
    if (use === 'full') throw callerErrors.error('caller-floods');
    return reader;
  }

  private async personOf(
    assertion: string | undefined,
    portal: SubsystemId,
    view: RegistryView,
    nowMs: number,
  ): Promise<EndUser> {
    if (assertion === undefined || assertion === '') throw callerErrors.error('end-user-missing');
    const question = { issuers: view.issuers, consumer: portal, service: undefined, nowMs, memory: this.assertions };
    const person = await verifyEndUser(assertion, question);
    if (!person.ok) throw callerErrors.error('end-user-invalid', { extensions: { problem: person.reason } });
    if (person.value.kind !== 'citizen') throw callerErrors.error('end-user-not-citizen');
    return person.value;
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** Takes as long for a token that is nearly right. */
function isSame(token: string, expected: string): boolean {
  return timingSafeEqual(sha256(token), sha256(expected));
}

function decoded(client: string): string {
  try {
    return client.split('/').map(decodeURIComponent).join('/');
  } catch {
    // No percent-encoding: no subsystem either.
    return '';
  }
}
