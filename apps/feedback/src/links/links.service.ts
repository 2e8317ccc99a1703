import { LINK_REVOKED_KIND, sealDelivery, type Delivery, type LinkRevokedContent } from '#deliveries';
import { newExchangeId, subsystemOf, type Clock, type InstanceId, type ServiceId, type SubsystemId } from '#kernel';
import { signLinkTicket, type LinkQuestion } from '#end-user';
import type { Database, Queries } from '#postgres';
import {
  commit,
  parseTypedSubject,
  SealingSessions,
  spelled,
  type LinkGrantedPayload,
  type LinkRevokedPayload,
  type Signer,
  type Statement,
  type TypedSubject,
} from '#signing';
import type { RegistryView } from '#snapshot';
import { callerErrors } from '../caller/caller.errors.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { tagAt, tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import { ownStatementErrors } from '../statements/own-statements.errors.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { keepLink, openLink } from './kept-link.js';
import { allows, refOf, type LinkTerms } from './link.js';
import type { LinkRow, LinkStore } from './link.store.js';
import { linksErrors } from './links.errors.js';

export interface LinksParts {
  readonly database: Database;
  readonly store: LinkStore;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  readonly instance: InstanceId;
  readonly signer: () => Signer | undefined;
  readonly deliveries: {
    readonly outbox: { add(queries: Queries, deliveries: readonly Delivery[]): Promise<void> };
    wake(): void;
  };
  readonly failed: (what: 'link-untold', cause: unknown) => void;
}

/** A link as the person sees it. */
export interface ShownLink extends Omit<LinkTerms, 'untilMs'> {
  readonly id: string;
  readonly granted: string;
  readonly until?: string;
  readonly revoked?: string;
  /** Leaf hashes, base64url. */
  readonly leaf: string;
  readonly revokedLeaf?: string;
}

const MOST_PER_PERSON = 100;

/**
 * What persons allow members (E44–E46). A link is there, and is over, when its transaction is: from then on no ticket is
 * made for it, and those that were made before are good for three seconds. Its leaves follow, whatever crashes, and so
 * does the word to the member that its link is over.
 */
export class Links {
  private readonly sessions = new SealingSessions();

  constructor(private readonly parts: LinksParts) {}

  async grant({ portal, person: { user } }: Caller, wanted: Omit<LinkTerms, 'portal'>): Promise<ShownLink> {
    const { clock, statements } = this.parts;
    const nowMs = clock.now();
    const terms: LinkTerms = { ...wanted, portal };
    const ref = this.refFor(terms, nowMs);
    if ((await this.of(user)).length >= MOST_PER_PERSON) throw linksErrors.error('links-too-many');
    const { commitment, opening } = commit('subject', user);
    const id = newExchangeId();
    const statement = await statements.sign<LinkGrantedPayload>({
      ...{ v: 1, t: 'link.granted', id, ts: nowMs, from: portal, to: terms.member, subj: [commitment], ref },
      ...(terms.untilMs === undefined ? {} : { until: terms.untilMs }),
    });
    const { leafHash } = statement;
    const row = await this.parts.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const { keys, store } = this.parts;
      const key = await tagAt(user, nowMs, keys);
      const dataKey = (await keys.ensure([key])).get(epochTagKey(key)) as DataKey;
      const kept = { ...terms, r: Buffer.from(opening.r).toString('base64url') };
      const added = { id, key, leafHash, grantedMs: nowMs, linkEnc: keepLink(dataKey.key, leafHash, kept) };
      await store.add(queries, added, dataKey.id);
      await statements.keep(queries, statement);
      return { ...added, revoked: undefined };
    });
    statements.wake();
    return shown(row, terms);
  }

  /** All of theirs, the newest first; also those that are over. */
  async list({ person: { user } }: Caller): Promise<ShownLink[]> {
    return (await this.of(user)).map(({ row, terms }) => shown(row, terms));
  }

  /** Ends it at once; again changes nothing. */
  async revoke(caller: Caller, id: string): Promise<ShownLink> {
    const { database, store, statements, clock, deliveries, failed } = this.parts;
    const found = (await this.of(caller.person.user)).find(({ row }) => row.id === id);
    if (found === undefined) throw linksErrors.error('link-unknown');
    const { row, terms } = found;
    if (row.revoked !== undefined) return shown(row, terms);
    const atMs = clock.now();
    const statement = await statements.sign<LinkRevokedPayload>({
      ...{ v: 1, t: 'link.revoked', id: newExchangeId(), ts: atMs, from: caller.portal, to: terms.member },
      prev: row.leafHash.toString('base64url'),
    });
    const told = await this.toldTo(found, caller.person.user, statement).catch((cause: unknown): Delivery[] => {
      failed('link-untold', cause);
      return [];
    });
    const isRevoked = await database.transaction(async (queries) => {
      const isFirst = await store.revoke(queries, id, statement.leafHash, atMs);
      if (!isFirst) return false;
      await statements.keep(queries, statement);
      await deliveries.outbox.add(queries, told);
      return true;
    });
    statements.wake();
    deliveries.wake();
    // Revoked in the meantime: what the other has said stands.
    return isRevoked
      ? shown({ ...row, revoked: { leafHash: statement.leafHash, atMs } }, terms)
      : this.revoke(caller, id);
  }

  /**
   * The word to the member, sealed for it. One that has left the registry, or has no key to seal with, is told nothing:
   * that ends the link all the same, and its leaf says so. Rejects if its key is none that can be sealed with; a member
   * must not keep a link by publishing such a key.
   */
  private async toldTo(
    { row, terms }: { readonly row: LinkRow; readonly terms: LinkTerms },
    user: TypedSubject,
    { jws, payload }: Statement<LinkRevokedPayload>,
  ): Promise<Delivery[]> {
    const { id, ts: atMs, prev: granted } = payload;
    const { direction, services, purposes, notice, portal } = terms;
    const member = terms.member as SubsystemId;
    const key = this.parts.registry.current()?.sealingKey(member, atMs);
    if (key === undefined) return [];
    const content: LinkRevokedContent = {
      ...{ linkId: row.id, subject: spelled(user), portal, direction, notice, granted, statement: jws },
      ...{ services: [...services], purposes: [...purposes] },
      grantedAt: new Date(row.grantedMs).toISOString(),
      revokedAt: new Date(atMs).toISOString(),
    };
    const session = await this.sessions.take(member, key, atMs);
    const value = sealDelivery({ id, kind: LINK_REVOKED_KIND, to: member }, content, session);
    return [{ id, recipient: member, kind: LINK_REVOKED_KIND, value: Buffer.from(value) }];
  }

  /**
   * A ticket for one call of that consumer, if the person allows it now. Only where an agreement asks for a link: nobody
   * else is told with whom a person has one.
   */
  async ticket(consumer: SubsystemId, { subject, service, purpose }: Omit<LinkQuestion, 'consumer'>): Promise<string> {
    const { registry, clock, instance } = this.parts;
    const view = registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    const atMs = clock.now();
    const granted = view.agreements(consumer, service as ServiceId);
    if (!granted.some(({ requiresLink, purposes }) => requiresLink !== undefined && purposes.includes(purpose)))
      throw linksErrors.error('link-not-asked');
    const person = parseTypedSubject(subject);
    const call = { consumer, provider: subsystemOf(service as ServiceId), service, purpose };
    const links = person === undefined ? [] : await this.of(person, 'live');
    if (!links.some(({ terms }) => allows(terms, call, atMs))) throw linksErrors.error('link-none');
    const signer = this.parts.signer();
    if (signer === undefined) throw ownStatementErrors.error('statement-unsigned');
    return signLinkTicket({ instance, consumer, subject, service, purpose, atMs }, signer);
  }

  private refFor(terms: LinkTerms, nowMs: number): string {
    const { member, services, purposes, untilMs } = terms;
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    const problem =
      view.subsystem(member as SubsystemId) === undefined
        ? 'member-unknown'
        : services.length + purposes.length === 0
          ? 'without-scope'
          : untilMs !== undefined && !(untilMs > nowMs)
            ? 'ended'
            : undefined;
    const ref = refOf(terms);
    if (problem !== undefined || ref === undefined)
      throw linksErrors.error('link-terms', { extensions: { problem: problem ?? 'too-wide' } });
    return ref;
  }

  /** What does not open any more was erased. */
  private async of(
    person: TypedSubject,
    which: 'find' | 'live' = 'find',
  ): Promise<{ row: LinkRow; terms: LinkTerms }[]> {
    const { store, keys } = this.parts;
    const rows = await store[which](tagsOf(person, await keys.epochs()));
    const dataKeys = await keys.find(rows.map(({ key }) => key));
    return rows.flatMap((row) => {
      const dataKey = dataKeys.get(epochTagKey(row.key));
      const terms = dataKey === undefined ? undefined : openLink(dataKey, row.leafHash, row.linkEnc);
      return terms === undefined ? [] : [{ row, terms }];
    });
  }
}

function shown({ id, grantedMs, leafHash, revoked }: LinkRow, terms: LinkTerms): ShownLink {
  const { member, portal, direction, services, purposes, notice, untilMs } = terms;
  return {
    ...{ id, member, portal, direction, services, purposes, notice },
    granted: new Date(grantedMs).toISOString(),
    ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
    leaf: leafHash.toString('base64url'),
    ...(revoked === undefined
      ? {}
      : { revoked: new Date(revoked.atMs).toISOString(), revokedLeaf: revoked.leafHash.toString('base64url') }),
  };
}
