import type { Clock } from '#kernel';
import type { RegistryCopy } from '#registry-copy';
import type { RegistryView } from '#snapshot';
import { canJudge, type Envelope } from './envelope.js';

/** What dispatch asks of the registry copy. */
export type RegistryReader = Pick<RegistryCopy, 'current' | 'waitFor' | 'manifestStatement'>;

/** A new snapshot reaches all copies within a moment: longer than this is not propagation. */
const MAX_WAIT_MS = 2_000;

/**
 * Requests that wait for a snapshot newer than ours (`bus.md` §4.3). What makes them wait may be forged, so they have
 * places of their own, fewer than there are requests in flight, and no long time: a flood of forgeries costs its senders
 * a dead letter and nobody else his place. Verified and unverified requests do not take each other's places.
 */
export class RegistryWaits {
  /** Places taken now; written by `viewFor`. */
  private readonly waiting = { verified: 0, unverified: 0 };
  private readonly places: Readonly<Record<'verified' | 'unverified', number>>;

  constructor(
    private readonly copy: RegistryReader,
    private readonly clock: Clock,
    maxInFlight: number,
  ) {
    this.places = { verified: Math.ceil(maxInFlight / 4), unverified: Math.ceil(maxInFlight / 16) };
  }

  /** A view that can judge, at `untilMs` at the latest; undefined if none came, or there was no place to wait. */
  async viewFor(
    envelope: Envelope,
    standing: 'verified' | 'unverified',
    untilMs: number,
  ): Promise<RegistryView | undefined> {
    if (this.waiting[standing] >= this.places[standing]) return undefined;
    this.waiting[standing] += 1;
    try {
      const cappedMs = Math.min(untilMs, this.clock.now() + MAX_WAIT_MS);
      return await this.copy.waitFor((view) => canJudge(view, envelope), cappedMs);
    } finally {
      this.waiting[standing] -= 1;
    }
  }
}
