import { AssertionMemory, verifyEndUser, type EndUser } from '#end-user';
import type { Clock, SubsystemId } from '#kernel';
import { checkReaderToken, signingKeyOf, TokenMemory } from '#reader-auth';
import type { RegistryView } from '#snapshot';
import { callerErrors } from './caller.errors.js';

/** A person, and the portal through which they ask. */
export interface Caller {
  readonly portal: SubsystemId;
  readonly person: EndUser;
}

export interface CallerAuthParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** Feedback's own URL, as `aud` of a portal's token names it. */
  readonly audience: string;
  /** Subsystems that may show persons their accesses. */
  readonly portals: readonly string[];
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
    const view = this.view();
    const nowMs = this.parts.clock.now();
    const portal = await this.subsystemOf(authorization, view, nowMs);
    if (!this.parts.portals.includes(portal)) throw callerErrors.error('caller-not-portal');
    return { portal, person: await this.personOf(assertion, portal, view, nowMs) };
  }

  /** Whichever subsystem asks for what is its own, from the header `Authorization`. Throws why not. */
  async member(authorization: string | undefined): Promise<SubsystemId> {
    return this.subsystemOf(authorization, this.view(), this.parts.clock.now());
  }

  private view(): RegistryView {
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    return view;
  }

  private async subsystemOf(
    authorization: string | undefined,
    view: RegistryView,
    nowMs: number,
  ): Promise<SubsystemId> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
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
    const question = { issuers: view.issuers, consumer: portal, nowMs, memory: this.assertions };
    const person = await verifyEndUser(assertion, question);
    if (!person.ok) throw callerErrors.error('end-user-invalid', { extensions: { problem: person.reason } });
    if (person.value.kind !== 'citizen') throw callerErrors.error('end-user-not-citizen');
    return person.value;
  }
}
