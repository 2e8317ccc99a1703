import type { SubsystemId } from '#kernel';
import type { KeyRing, Signer } from '#signing';
import type { RegistryView } from '#snapshot';

/**
 * The keys that this connector holds, beside those that the registry publishes. A published key that it does not hold is
 * a stranger: somebody could sign or open in the subsystem's name, so its traffic stops (`design.md` §6).
 */
export class HeldKeys {
  constructor(private readonly keys: KeyRing) {}

  /** Ids of published keys of a subsystem that we do not hold. */
  strangers(view: RegistryView, subsystem: SubsystemId): string[] {
    const held = this.keys.publicKeys(subsystem);
    return view
      .keysOf(subsystem)
      .filter(({ kid, use, jwk }) => !held.some((key) => key.kid === kid && key.use === use && key.jwk.x === jwk.x))
      .map(({ kid }) => kid);
  }

  /** Signs for a subsystem with the key that the registry knows as its own now. */
  signer(view: RegistryView, subsystem: SubsystemId, nowMs: number): Signer {
    const published = view.keysOf(subsystem).filter(({ use, fromMs, untilMs }) => {
      return use === 'sign' && fromMs <= nowMs && nowMs < untilMs;
    });
    return this.keys.signer(subsystem, new Set(published.map(({ kid }) => kid)));
  }
}
