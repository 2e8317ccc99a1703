import type { Bus } from '#bus';
import {
  DeliveryWorker,
  openDelivery,
  Outbox,
  readDelivery,
  type DeliveryRule,
  type OutgoingDelivery,
  type SendOutcome,
  type ToldAttempt,
} from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import type { Queries } from '#postgres';
import type { KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import type { AgencyDoors } from '../agency/agency-doors.service.js';
import type { NoticeAddresses } from './notice-address.js';
import { NoticePush } from './notice-push.service.js';
import { NoticeConsumer, type NoticeConsumerParts } from './notice.consumer.js';
import { keptNotice, noticeOf, type KeptNotice, type Notice } from './notice.js';
import { noticeErrors } from './notices.errors.js';

export interface NoticesParts extends Pick<NoticeConsumerParts, 'registry' | 'flawed' | 'failed'> {
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>;
  readonly database: Pick<Queries, 'query'> & NoticeConsumerParts['database'];
  readonly addresses: NoticeAddresses;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly rule: DeliveryRule;
  readonly maxHeld: number;
  readonly doors: Pick<AgencyDoors, 'connector' | 'onChange'>;
  readonly attempted: (attempt: ToldAttempt) => void;
}

export interface NoticesQuery {
  readonly state: 'waiting' | 'parked';
  readonly after: string | undefined;
  readonly limit: number;
}

export interface NoticesPage {
  readonly notices: readonly KeptNotice[];
  readonly next?: string;
}

/**
 * What feedback delivers to the subsystems that are served here: taken in once, kept sealed, and brought to the agency's
 * system at least once, in order; or kept until it is fetched and acknowledged. A notice is told to nobody but the
 * subsystem that it is for.
 */
export class Notices {
  private readonly outbox = new Outbox();
  private readonly push: NoticePush;
  private readonly worker: DeliveryWorker;
  private readonly consumer: NoticeConsumer;

  constructor(private readonly parts: NoticesParts) {
    const { addresses, clock, database, rule, attempted, failed } = parts;
    this.push = new NoticePush(addresses, clock, parts.doors);
    this.worker = new DeliveryWorker({
      ...{ database, rule, attempted },
      recipients: () => this.push.recipients(),
      send: (delivery, signal) => this.send(delivery, signal),
      failed: (cause) => failed('notices', cause),
    });
    this.consumer = new NoticeConsumer({
      ...parts,
      subsystems: [...addresses.keys()],
      held: () => this.worker.sizes.waiting + this.worker.sizes.parked,
      taken: () => this.worker.wake(),
    });
  }

  start(): void {
    this.worker.start();
  }

  /** Called with each view: topics of subsystems that have come. */
  follow(view: RegistryView): void {
    this.consumer.follow(view);
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
    await this.worker.stop();
    await this.push.close();
  }

  get sizes() {
    return this.worker.sizes;
  }

  serves(subsystem: SubsystemId): boolean {
    return this.parts.addresses.has(subsystem);
  }

  /** For `/status`. */
  reading(): Reading {
    const { waiting, parked } = this.worker.sizes;
    const details = { waiting, parked };
    if (parked === 0) return { state: 'ok', details };
    return { state: 'degraded', reason: 'the agency’s system has not taken some notices; they are parked', details };
  }

  /** Of one subsystem, in the order in which they came. */
  async page(subsystem: SubsystemId, { state, after, limit }: NoticesQuery): Promise<NoticesPage> {
    const page = { recipients: [subsystem], states: [state], after, limit: limit + 1 };
    const found = await this.outbox.list(this.parts.database, page);
    const shown = found.slice(0, limit);
    const notices = await Promise.all(shown.map(async (kept) => keptNotice(kept, await this.opened(kept.value))));
    const last = shown.at(-1)?.seq;
    return { notices, ...(found.length > limit && last !== undefined ? { next: last } : {}) };
  }

  async acknowledge(subsystem: SubsystemId, id: string): Promise<void> {
    await this.done(subsystem, id, await this.outbox.acknowledge(this.parts.database, id, [subsystem]));
  }

  async replay(subsystem: SubsystemId, id: string): Promise<void> {
    await this.done(subsystem, id, await this.outbox.replay(this.parts.database, id, [subsystem]));
    this.worker.wake();
  }

  async discard(subsystem: SubsystemId, id: string, reason: string): Promise<void> {
    await this.done(subsystem, id, await this.outbox.discard(this.parts.database, id, reason, [subsystem]));
  }

  private async done(subsystem: SubsystemId, id: string, isDone: boolean): Promise<void> {
    if (isDone) return;
    const kept = await this.outbox.find(this.parts.database, id);
    if (kept?.recipient !== subsystem) throw noticeErrors.error('notice-unknown');
    throw noticeErrors.error('notice-state', { extensions: { state: kept.state } });
  }

  private async send({ recipient, value }: OutgoingDelivery, signal: AbortSignal): Promise<SendOutcome> {
    const notice = await this.opened(value);
    // It opened when it came: the key has been taken from us since.
    if (notice === undefined) return { kind: 'refused', why: 'delivery-key-unknown' };
    return this.push.push(recipient as SubsystemId, notice, signal);
  }

  private async opened(value: Uint8Array): Promise<Notice | undefined> {
    const read = readDelivery(value);
    if (!read.ok) return undefined;
    const { head, madeMs, sealed } = read.value;
    const opened = await openDelivery(head, sealed, (to, kid) => this.parts.keys.unsealKey(to, kid));
    return opened.ok ? noticeOf(head, madeMs, opened.value) : undefined;
  }
}
