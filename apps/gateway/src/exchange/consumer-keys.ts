import type { InstanceId, SubsystemId } from '#kernel';
import type { KeyRing, PrivateJwk, Signer } from '#signing';
import type { RegistryView } from '#snapshot';

/** What is wrong with a consumer's published keys. */
export type KeyAlarm = { readonly consumer: SubsystemId; readonly reason: 'keys-not-held' | 'key-stranger' };

/** The newest manifest, by whose `ts` intake and verifiers judge a key's own period; never by anybody's clock. */
export interface ManifestTime {
  readonly manifestStatement: { readonly payload: { readonly ts: number } } | undefined;
}

/**
 * Compares what the registry publishes for the consumers served here with the keys held here (`design.md` §6): a
 * published signing key that we do not hold could speak for the consumer, so its traffic stops until a person has
 * looked. Nothing is repaired, and a later snapshot without the stranger lets the traffic go on.
 */
export class ConsumerKeys {
  /** Consumers whose keys agree, by the newest snapshot; written by `adopt`. */
  private trusted: ReadonlySet<SubsystemId> = new Set();

  constructor(
    private readonly keys: KeyRing,
    private readonly instanceId: InstanceId,
    private readonly registry: ManifestTime,
  ) {}

  /** Called for each adopted snapshot; returns what to alarm for. */
  adopt(view: RegistryView, nowMs: number): KeyAlarm[] {
    const alarms: KeyAlarm[] = [];
    const trusted = new Set<SubsystemId>();
    for (const consumer of view.instanceEntry(this.instanceId)?.serves ?? []) {
      const reason = this.problem(view, consumer, nowMs);
      if (reason === undefined) trusted.add(consumer);
      else alarms.push({ consumer, reason });
    }
    this.trusted = trusted;
    return alarms;
  }

  /** Whether this gateway serves the consumer and may sign for it. */
  agree(consumer: SubsystemId): boolean {
    return this.trusted.has(consumer);
  }

  /**
   * The key that the consumer should sign with, or undefined if none is both held and published as valid at the newest
   * manifest: a key whose time has come by the clock only would be refused until the next manifest is a leaf.
   */
  signer(view: RegistryView, consumer: SubsystemId): Signer | undefined {
    const atMs = this.registry.manifestStatement?.payload.ts;
    const published = atMs === undefined ? undefined : view.signingKey(consumer, atMs);
    if (published === undefined || !this.holds(consumer, published.kid)) return undefined;
    return this.keys.signer(consumer, new Set([published.kid]));
  }

  /** The private half of a published sealing key of a consumer, if it is held here. */
  unsealKey(consumer: SubsystemId, kid: string): PrivateJwk | undefined {
    return this.trusted.has(consumer) ? this.keys.unsealKey(consumer, kid) : undefined;
  }

  private problem(view: RegistryView, consumer: SubsystemId, nowMs: number): KeyAlarm['reason'] | undefined {
    const published = view.keysOf(consumer).filter((key) => key.use === 'sign' && nowMs < key.untilMs);
    if (!published.some((key) => this.holds(consumer, key.kid))) return 'keys-not-held';
    return published.every((key) => this.holds(consumer, key.kid)) ? undefined : 'key-stranger';
  }

  private holds(consumer: SubsystemId, kid: string): boolean {
    return this.keys.has(consumer) && this.keys.publicKeys(consumer).some((key) => key.kid === kid);
  }
}
