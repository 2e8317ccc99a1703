import type { Clock, SubsystemId } from '#kernel';
import { checkReaderToken, signingKeyOf, TokenMemory } from '#reader-auth';
import type { RegistryView } from '#snapshot';
import { noticeErrors } from './notices.errors.js';

export interface OwnerAuthParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** URL of this connector, as `aud` of a token names it. */
  readonly audience: string;
  readonly serves: (subsystem: SubsystemId) => boolean;
}

/** Who asks for notices, by the subsystem's own published key; nobody else gets any. */
export class OwnerAuth {
  private readonly tokens = new TokenMemory();

  constructor(private readonly parts: OwnerAuthParts) {}

  /** From the `Authorization` header. Throws why not, as a coded refusal. */
  async authenticate(authorization: string | undefined): Promise<SubsystemId> {
    const { registry, clock, audience, serves } = this.parts;
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw noticeErrors.error('notice-token-missing');
    const view = registry.current();
    if (view === undefined) throw noticeErrors.error('notice-keys-unknown');
    const nowMs = clock.now();
    const keyOf = (subsystem: SubsystemId, kid: string) => signingKeyOf(view, subsystem, kid, nowMs);
    const checked = await checkReaderToken(token, { audience, nowMs, keyOf });
    if (!checked.ok) throw noticeErrors.error('notice-token-invalid', { extensions: { problem: checked.reason } });
    const { reader } = checked.value;
    if (!serves(reader)) throw noticeErrors.error('notice-reader-foreign');
    const use = this.tokens.use(reader, checked.value, nowMs);
    if (use === 'again') throw noticeErrors.error('notice-token-used');
    if (use === 'full') throw noticeErrors.error('notice-reader-floods');
    return reader;
  }
}
