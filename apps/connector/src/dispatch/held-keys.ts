import type { Clock, SubsystemId } from '#kernel';
import type { KeyRing, Signer, Statement } from '#signing';
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

  /**
   * Signs for a subsystem with the key that the log takes as its own: intake holds `from` and `until` against the time of
   * the manifest in force, not against now (`statements.md` §2). Undefined if no key of ours is valid then.
   */
  signer(view: RegistryView, subsystem: SubsystemId, manifestMs: number): Signer | undefined {
    const published = view.signingKey(subsystem, manifestMs);
    const held = this.keys.publicKeys(subsystem).some(({ kid }) => kid === published?.kid);
    return published === undefined || !held ? undefined : this.keys.signer(subsystem, new Set([published.kid]));
  }
}

/** The time by which intake judges keys: that of the newest manifest, which is in the log before anybody reads it. */
export function keyTimeMs(manifest: Pick<Statement, 'payload'> | undefined, clock: Clock): number {
  return manifest?.payload.ts ?? clock.now();
}
