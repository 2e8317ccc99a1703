import type { Clock, SubsystemId } from '#kernel';
import type { Database, Queries } from '#postgres';
import { signingKeyOf } from '#reader-auth';
import { parseStatement, verifyStatement, type ConcealmentPayload, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import { callerErrors } from '../caller/caller.errors.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import type { ConcealedAccessStore } from './concealed-access.store.js';
import { concealmentErrors } from './concealment.errors.js';
import { orderFlaw, type ConcealmentRule } from './judge-claim.js';
import type { FoundOrder, OrderStore } from './order.store.js';

export interface OrdersParts {
  readonly database: Database;
  readonly store: Pick<OrderStore, 'find' | 'list'>;
  readonly concealed: Pick<ConcealedAccessStore, 'byOrder'>;
  /** Accesses that are concealed now, as they were counted last. */
  readonly concealedNow: () => number;
  readonly statements: Pick<OwnStatements, 'keep' | 'wake' | 'settled'>;
  readonly registry: { current(): RegistryView | undefined };
  readonly rule: () => ConcealmentRule;
  readonly clock: Clock;
  /** Subsystems that may see all orders, and how many accesses each conceals. */
  readonly auditors: readonly string[];
  /** How long a statement is waited for until it stands in the log. */
  readonly settleMs: number;
}

/** An order as its parties and auditors see it. */
export interface ShownOrder {
  readonly id: string;
  readonly authority: string;
  readonly operator: string;
  readonly at: string;
  readonly until: string;
  readonly doc: string;
  readonly leaf: string;
  readonly log: string;
  readonly index: number;
  /** What calls name; absent: it is not countersigned yet. */
  readonly countersignature?: string;
  /** Accesses that it conceals or has concealed; for auditors alone. */
  readonly accesses?: number;
}

/** Where a statement that was taken stands. */
export interface TakenOrder {
  readonly id: string;
  readonly leaf: string;
  readonly log: string;
  readonly index: number;
}

/** Below this many a number tells of persons (`audit-log.md` §4.3). */
const SMALLEST_GROUP = 10;

/**
 * Takes statements of concealment from those who sign them and brings them into the log. What it refuses would conceal
 * nothing either: whether an order counts is judged anew, by the log, for each access (`claims.service.ts`).
 */
export class Orders {
  constructor(private readonly parts: OrdersParts) {}

  /** `signer` has shown its token. The same statement again is answered in the same way. */
  async take(signer: SubsystemId, jws: string): Promise<TakenOrder> {
    const { database, statements, settleMs } = this.parts;
    const statement = this.signedBy(signer, jws);
    await this.judge(statement.payload);
    await database.transaction((queries: Queries) => statements.keep(queries, statement));
    statements.wake();
    const settled = await statements.settled(statement.leafHash, settleMs);
    if (!settled.ok) throw unsound(settled.reason);
    return { id: statement.payload.id, leaf: statement.leafHash.toString('base64url'), ...settled.value };
  }

  /** For its authority, for those who countersign for the operator, and for auditors. */
  async one(reader: SubsystemId, id: string): Promise<ShownOrder> {
    const order = await this.parts.store.find(id);
    const isAuditor = this.parts.auditors.includes(reader);
    if (order === undefined || !(isAuditor || reader === order.authority || reader === order.operator))
      throw concealmentErrors.error('order-unknown');
    return isAuditor ? this.counted(order) : shown(order);
  }

  /** All of them, the newest first, for auditors. */
  async list(reader: SubsystemId, before: string | undefined, limit: number): Promise<ShownOrder[]> {
    if (!this.parts.auditors.includes(reader)) throw concealmentErrors.error('order-unknown');
    const orders = await this.parts.store.list(before, limit);
    return Promise.all(orders.map((order) => this.counted(order)));
  }

  /** How many accesses are concealed now, for everybody; undefined while they are too few to hide a person among. */
  concealedNow(): number | undefined {
    const live = this.parts.concealedNow();
    return live < SMALLEST_GROUP ? undefined : live;
  }

  private async counted(order: FoundOrder): Promise<ShownOrder> {
    const { countersigned } = order;
    const accesses = countersigned === undefined ? 0 : await this.parts.concealed.byOrder(countersigned.leafHash);
    return { ...shown(order), accesses };
  }

  private signedBy(signer: SubsystemId, jws: string): Statement<ConcealmentPayload> {
    const { registry, clock } = this.parts;
    const view = registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    const parsed = parseStatement(jws);
    if (!parsed.ok) throw unsound(parsed.reason);
    const { payload, kid } = parsed.value;
    if (payload.t !== 'access.concealment') throw unsound('another-type');
    if ((payload.prev === undefined ? payload.from : payload.to) !== signer) throw unsound('not-the-signer');
    const key = signingKeyOf(view, signer, kid, clock.now());
    if (key === undefined) throw unsound('key-unknown');
    if (!verifyStatement(parsed.value, key)) throw unsound('signature');
    return { ...parsed.value, payload };
  }

  private async judge(payload: ConcealmentPayload): Promise<void> {
    const { store, rule, clock } = this.parts;
    const { from: authority, to: operator, until: untilMs, ts, prev, doc } = payload;
    const flaw = orderFlaw({ authority, operator, untilMs, tsMs: ts }, clock.now(), rule());
    if (flaw === 'order-unentitled')
      throw concealmentErrors.error('order-unentitled', { extensions: { problem: flaw } });
    if (flaw !== undefined) throw concealmentErrors.error('order-term', { extensions: { problem: flaw } });
    if (prev === undefined) return;
    const order = await store.find(Buffer.from(prev, 'base64url'));
    if (order === undefined) throw concealmentErrors.error('order-unknown');
    const agrees = order.authority === authority && order.operator === operator;
    if (!agrees || order.untilMs !== untilMs || order.doc !== doc)
      throw concealmentErrors.error('order-unentitled', { extensions: { problem: 'order-not-agreed' } });
  }
}

function unsound(problem: string) {
  return concealmentErrors.error('order-unsound', { extensions: { problem } });
}

function shown(order: FoundOrder): ShownOrder {
  const { id, authority, operator, tsMs, untilMs, doc, leafHash, places, countersigned } = order;
  const [place] = places;
  return {
    ...{ id, authority, operator, doc },
    at: new Date(tsMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    leaf: leafHash.toString('base64url'),
    log: place?.log ?? '',
    index: place?.index ?? 0,
    ...(countersigned === undefined ? {} : { countersignature: countersigned.leafHash.toString('base64url') }),
  };
}
