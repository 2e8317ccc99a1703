import {
  serviceCodeOf,
  serviceId,
  subsystemOf,
  type InstanceId,
  type MemberId,
  type ServiceId,
  type SubsystemId,
} from '#kernel';
import { credentialName, isCredentialValid, type ConsumerCredential } from './credential.js';
import type { MemberEntry } from './digest-list.js';
import type { Agreement, MemberDocument, PublishedKey, ServiceEntry, SubsystemEntry } from './member-document.js';
import type { Snapshot } from './snapshot.js';
import { Successors } from './succession.js';

/** A published key with its owner: the only answer to "whose signature is this?" (`statements.md` §2, validity). */
export interface OwnedKey {
  readonly owner: SubsystemId | InstanceId;
  readonly kid: string;
  readonly use: 'sign' | 'seal';
  readonly jwk: PublishedKey['jwk'];
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface VerifiedMember {
  readonly entry: MemberEntry;
  readonly document: MemberDocument;
}

export type SnapshotInstance = Snapshot['instances'][number];
export type SubsystemTopics = Snapshot['topics'][string];

/**
 * One verified snapshot, indexed for look-ups. Immutable; made once per number. It holds only member documents whose
 * signatures were checked, so whoever holds a view need not check again.
 */
export class RegistryView {
  private readonly documents = new Map<MemberId, VerifiedMember>();
  private readonly subsystems = new Map<SubsystemId, SubsystemEntry>();
  private readonly services = new Map<ServiceId, ServiceEntry>();
  private readonly granted = new Map<string, Agreement[]>();
  private readonly keys = new Map<string, OwnedKey>();
  private readonly owned = new Map<SubsystemId | InstanceId, OwnedKey[]>();
  private readonly suspended: ReadonlySet<string>;
  private readonly byReply = new Map<string, SnapshotInstance>();
  private readonly succeeded: Successors;

  constructor(
    private readonly snapshot: Snapshot,
    /** Hex SHA-256 of the snapshot's uncompressed bytes. */
    readonly digestHex: string,
    members: readonly VerifiedMember[],
  ) {
    this.succeeded = new Successors(snapshot.successions);
    this.suspended = new Set(snapshot.suspensions.map(({ of, endpoint }) => suspensionKey(of, endpoint)));
    for (const member of members) this.index(member);
    for (const instance of snapshot.instances)
      if (instance.reply !== undefined) this.byReply.set(instance.reply, instance);
  }

  get number(): number {
    return this.snapshot.number;
  }

  /** Code of the national instance, e.g. `DEMO`. */
  get instance(): string {
    return this.snapshot.instance;
  }

  get purposes(): Snapshot['purposes'] {
    return this.snapshot.purposes;
  }

  get legalBases(): Snapshot['legalBases'] {
    return this.snapshot.legalBases;
  }

  get issuers(): Snapshot['issuers'] {
    return this.snapshot.issuers;
  }

  /** Registered data elements; `elements.ts` answers who owns them and where they stand. */
  get elements(): Snapshot['elements'] {
    return this.snapshot.elements;
  }

  get suspensions(): Snapshot['suspensions'] {
    return this.snapshot.suspensions;
  }

  /** Whether the operator has suspended exactly this, and not only a part or the whole of it. */
  isSuspended(id: string, endpoint?: string): boolean {
    return this.suspended.has(suspensionKey(id, endpoint));
  }

  get logs(): Snapshot['logs'] {
    return this.snapshot.logs;
  }

  /** Who stands in whose place; old identifiers resolve by it. */
  get successors(): Successors {
    return this.succeeded;
  }

  get instances(): readonly SnapshotInstance[] {
    return this.snapshot.instances;
  }

  members(): readonly MemberDocument[] {
    return [...this.documents.values()].map((member) => member.document);
  }

  member(id: MemberId): MemberDocument | undefined {
    return this.documents.get(id)?.document;
  }

  /** The entry as the snapshot carries it, for evidence. */
  memberEntry(id: MemberId): MemberEntry | undefined {
    return this.documents.get(id)?.entry;
  }

  subsystem(id: SubsystemId): SubsystemEntry | undefined {
    return this.subsystems.get(id);
  }

  /** The credential of that name that a subsystem has now: asked for each call, so that a revoked one ends at once. */
  credential(subsystem: SubsystemId, name: string, atMs: number): ConsumerCredential | undefined {
    return this.subsystems
      .get(subsystem)
      ?.credentials?.find((entry) => credentialName(entry) === name && isCredentialValid(entry, atMs));
  }

  service(id: ServiceId): ServiceEntry | undefined {
    return this.services.get(id);
  }

  /** Agreements that the service's subsystem grants to the consumer; validity in time is not checked here. */
  agreements(consumer: SubsystemId, service: ServiceId): readonly Agreement[] {
    return this.granted.get(grantKey(consumer, service)) ?? [];
  }

  /** The key that `owner` published under `kid`. Never looked up by `kid` alone: anyone could publish another's key. */
  keyOf(owner: SubsystemId | InstanceId, kid: string): OwnedKey | undefined {
    return this.keys.get(keyName(owner, kid));
  }

  /** Published keys of a subsystem or an instance. */
  keysOf(owner: SubsystemId | InstanceId): readonly OwnedKey[] {
    return this.owned.get(owner) ?? [];
  }

  /** The key to seal for: of those valid at `atMs`, the one that became valid last. */
  sealingKey(subsystem: SubsystemId, atMs: number): OwnedKey | undefined {
    return this.newestKey(subsystem, 'seal', atMs);
  }

  /** The key that its owner should sign with now. */
  signingKey(owner: SubsystemId | InstanceId, atMs: number): OwnedKey | undefined {
    return this.newestKey(owner, 'sign', atMs);
  }

  topicsOf(subsystem: SubsystemId): SubsystemTopics | undefined {
    return Object.hasOwn(this.snapshot.topics, subsystem) ? this.snapshot.topics[subsystem] : undefined;
  }

  /** Where a subsystem is delivered to, and where what of it cannot be read goes. */
  correctionsOf(subsystem: SubsystemId): { readonly topic: string; readonly dead: string } | undefined {
    const { corrections } = this.snapshot;
    return Object.hasOwn(corrections, subsystem) ? corrections[subsystem] : undefined;
  }

  gatewayOfReplyTopic(topic: string): SnapshotInstance | undefined {
    const instance = this.byReply.get(topic);
    return instance?.kind === 'gateway' ? instance : undefined;
  }

  /** Whether receipts may be written there: a reply or receipt topic that this snapshot names (`bus.md` §1). */
  isReceiptTopic(topic: string): boolean {
    return this.byReply.has(topic) || Object.values(this.snapshot.topics).some((topics) => topics.receipt === topic);
  }

  instanceEntry(id: InstanceId): SnapshotInstance | undefined {
    return this.snapshot.instances.find((instance) => instance.id === id);
  }

  private newestKey(owner: SubsystemId | InstanceId, use: OwnedKey['use'], atMs: number): OwnedKey | undefined {
    return this.keysOf(owner)
      .filter((key) => key.use === use && key.fromMs <= atMs && atMs < key.untilMs)
      .reduce<OwnedKey | undefined>(
        (best, key) => (best !== undefined && best.fromMs >= key.fromMs ? best : key),
        undefined,
      );
  }

  private index(member: VerifiedMember): void {
    const { document } = member;
    this.documents.set(document.member, member);
    // Anybody can write an instance into its own document; it speaks for the bus only if it is the member's to run.
    for (const instance of document.instances)
      if (this.instanceEntry(instance.id)?.runBy === document.member) this.indexKeys(instance.id, instance.keys);
    for (const subsystem of document.subsystems) {
      this.subsystems.set(subsystem.id, subsystem);
      this.indexKeys(subsystem.id, subsystem.keys);
      for (const service of subsystem.services) this.services.set(serviceId(subsystem.id, service.code), service);
      for (const agreement of subsystem.agreements) {
        const key = grantKey(agreement.consumer, serviceId(subsystem.id, agreement.service));
        this.granted.set(key, [...(this.granted.get(key) ?? []), agreement]);
      }
    }
  }

  private indexKeys(owner: SubsystemId | InstanceId, keys: readonly PublishedKey[]): void {
    const owned = this.owned.get(owner) ?? [];
    for (const { kid, use, jwk, from, until } of keys) {
      const key = { owner, kid, use, jwk, fromMs: Date.parse(from), untilMs: Date.parse(until) };
      this.keys.set(keyName(owner, kid), key);
      owned.push(key);
    }
    this.owned.set(owner, owned);
  }
}

function suspensionKey(id: string, endpoint = ''): string {
  return `${id} ${endpoint}`;
}

function keyName(owner: SubsystemId | InstanceId, kid: string): string {
  return `${owner} ${kid}`;
}

function grantKey(consumer: SubsystemId, service: ServiceId): string {
  return `${consumer} ${subsystemOf(service)} ${serviceCodeOf(service)}`;
}
