import type { InstanceId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { EARLY_MS, isSignedBy, readOpeningKey, type Announced, type OpeningKeyReason } from './opening-key.js';

export type Announcement = 'adopted' | 'known' | 'waiting' | OpeningKeyReason;

const MAX_WAITING = 16;
/** No announcement is longer (`opening-key.ts`); what is does not wait. */
const MAX_BYTES = 4096;

/**
 * The announcements that are believed: the newest of each feedback instance of the snapshot, never one older than that.
 * Whoever can write to the topic cannot bring back a key that feedback has replaced, perhaps because it was lost.
 */
export class AnnouncedKeys {
  /** As many as the snapshot has feedback instances. Written by `take` and `adopt`. */
  private readonly held = new Map<InstanceId, Announced>();
  /** Signed by nobody that the registry knows yet; oldest first, bounded. Written by `wait` and `adopt`. */
  private readonly waiting = new Set<string>();

  /** One record of the topic. `view`: absent until there is a first snapshot. */
  take(jws: string, view: RegistryView | undefined, nowMs: number): Announcement {
    if (view === undefined) return this.wait(jws);
    const read = readOpeningKey(jws, view, nowMs);
    if (read.ok) return this.keep(read.value, nowMs);
    // A newer snapshot may know its signer.
    if (read.reason === 'opening-key-foreign') this.wait(jws);
    return read.reason;
  }

  /** Another snapshot: who waited for it is looked at again, and whom it does not name any more is let go. */
  adopt(view: RegistryView, nowMs: number): Announcement[] {
    for (const [instance, { signedBy }] of this.held)
      if (!isSignedBy(view, instance, signedBy, nowMs)) this.held.delete(instance);
    const again = [...this.waiting];
    this.waiting.clear();
    return again.map((jws) => this.take(jws, view, nowMs));
  }

  /** The key to seal with now. */
  current(view: RegistryView, nowMs: number): Announced | undefined {
    let newest: Announced | undefined;
    for (const key of this.held.values()) {
      if (isOfFuture(key, nowMs) || nowMs >= key.untilMs || !isSignedBy(view, key.instance, key.signedBy, nowMs))
        continue;
      if (newest === undefined || key.fromMs > newest.fromMs) newest = key;
    }
    return newest;
  }

  private keep(announced: Announced, nowMs: number): Announcement {
    const last = this.held.get(announced.instance);
    const held = last !== undefined && isOfFuture(last, nowMs) ? undefined : last;
    if (held?.kid === announced.kid && held.fromMs === announced.fromMs && held.untilMs >= announced.untilMs)
      return 'known';
    if (held !== undefined && announced.fromMs < held.fromMs) return 'opening-key-older';
    // Two keys from the same moment: the first one stays, whichever is sent again.
    if (held?.fromMs === announced.fromMs && held.kid !== announced.kid) return 'opening-key-older';
    this.held.set(announced.instance, announced);
    return 'adopted';
  }

  private wait(jws: string): 'waiting' {
    if (jws.length > MAX_BYTES) return 'waiting';
    this.waiting.delete(jws);
    this.waiting.add(jws);
    for (const oldest of this.waiting) {
      if (this.waiting.size <= MAX_WAITING) break;
      this.waiting.delete(oldest);
    }
    return 'waiting';
  }
}

/** Adopted by a clock that was ahead and has come back: of now it says nothing. */
function isOfFuture({ fromMs }: Announced, nowMs: number): boolean {
  return fromMs > nowMs + EARLY_MS;
}
