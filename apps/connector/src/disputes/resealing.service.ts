import { decode, SealedSchema } from '#contracts';
import { deliveryRecord, openDelivery, readDelivery, sealDelivery } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import { SealingSessions, type KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import { PAGE, type DisputeStore, type KeptFlag } from './dispute.store.js';

export interface ResealingParts {
  readonly database: Pick<Queries, 'query'>;
  readonly subsystems: readonly SubsystemId[];
  readonly keys: Pick<KeyRing, 'unsealKey'>;
  readonly clock: Clock;
  readonly registry: { current(): RegistryView | undefined };
}

/**
 * Seals flags anew with the key that the subsystem should use now: a review may outlast the key under which its flag came,
 * and a flag that nobody can open any more marks nothing.
 */
export class Resealing {
  private readonly sessions = new SealingSessions();

  constructor(
    private readonly parts: ResealingParts,
    private readonly store: DisputeStore,
  ) {}

  async round(): Promise<void> {
    const { database, subsystems, registry } = this.parts;
    const view = registry.current();
    if (view === undefined) return;
    let rev = 0n;
    for (;;) {
      const page = await this.store.changed(database, subsystems, rev);
      for (const kept of page) {
        const value = kept.value === undefined ? undefined : await this.sealedAnew(view, kept, kept.value);
        if (value !== undefined) await this.store.replace(database, kept, value);
        rev = kept.rev;
      }
      if (page.length < PAGE) return;
    }
  }

  /** Undefined if it is sealed as it should be, or cannot be opened here or sealed now. */
  private async sealedAnew(
    view: RegistryView,
    { subsystem }: KeptFlag,
    value: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { clock, keys } = this.parts;
    const nowMs = clock.now();
    const key = view.sealingKey(subsystem, nowMs);
    const read = readDelivery(value);
    // What is not held here could not be opened when it is read again.
    if (key === undefined || !read.ok || keys.unsealKey(subsystem, key.kid) === undefined) return undefined;
    const { head, sealed, madeMs } = read.value;
    if (decode(SealedSchema, sealed).kid === key.kid) return undefined;
    const opened = await openDelivery(head, sealed, (to, kid) => keys.unsealKey(to, kid));
    if (!opened.ok) return undefined;
    const session = await this.sessions.take(subsystem, key, nowMs);
    const anew = sealDelivery(head, opened.value, session);
    return deliveryRecord({ ...head, recipient: subsystem, value: anew, madeMs, attempt: 1 });
  }
}
