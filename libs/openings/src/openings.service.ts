import { partitionOf, type Bus, type OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { exchangeIdBytes, type Clock, type ExchangeId } from '#kernel';
import { SealingSessions } from '#signing';
import type { RegistryView } from '#snapshot';
import { AnnouncedKeys, type Announcement } from './announced-keys.js';
import { PatientSubscription } from './patient-subscription.service.js';
import { sealOpening, type ExchangeEnd, type OpeningsOf } from './sealed-opening.js';

/** What both ends count of openings; never whose. */
export const openingEvents = [
  'sealed',
  'no-feedback',
  'no-key',
  'not-sealed',
  'asked-again',
  'asked-unknown',
  'opening-key-adopted',
  'opening-key-malformed',
  'opening-key-foreign',
  'opening-key-expired',
  'opening-key-early',
  'opening-key-older',
] as const;
export type OpeningEvent = (typeof openingEvents)[number];

export interface OpeningsParts {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly clock: Clock;
  readonly registry: {
    current(): RegistryView | undefined;
    onChange(listener: (view: RegistryView) => void): () => void;
  };
  /** Of the process; names its subscription. */
  readonly instanceId: string;
  /** Whose openings it seals: feedback looks for what one end alone has sent. */
  readonly end: ExchangeEnd;
  readonly counted: (event: OpeningEvent) => void;
  readonly failed: (what: string, cause: unknown) => void;
}

/** How openings stand, for `/status`. */
export interface OpeningsReading {
  readonly state: 'ok' | 'degraded';
  readonly reason?: string;
  readonly details: Readonly<Record<string, string | number>>;
}

/** Whoever seals openings; all that an exchange sees of it. */
export interface OpeningSealer {
  /** Value of the record for feedback; undefined where there is nothing to open, or nobody to open it. */
  seal(openings: OpeningsOf): Promise<Uint8Array | undefined>;
  count(event: OpeningEvent): void;
}

/**
 * Seals openings for feedback with the key that it announced last (`audit-log.md` §4.3). It promises never to stand in
 * an exchange's way: without feedback, without a key, or with one that cannot be used there is no record, and that is
 * counted. What was not sent is asked for again by feedback (`feedback.unopened`).
 */
export class Openings implements OpeningSealer {
  private readonly keys = new AnnouncedKeys();
  private readonly sessions = new SealingSessions();
  private sealed = 0;
  private unsealed = 0;
  private readonly announcements: PatientSubscription;
  private stopListening: () => void = () => undefined;

  constructor(private readonly parts: OpeningsParts) {
    const { bus, clock, registry, instanceId, failed } = parts;
    this.announcements = new PatientSubscription(
      bus,
      () => ({
        topics: [fixedTopics.openingKey.name],
        group: `opening-key.${instanceId.replaceAll('/', '.')}.${crypto.randomUUID()}`,
        startAt: { kind: 'earliest' },
        maxInFlight: 16,
        onError: (cause) => failed('opening-key', cause),
        each: ({ value }) => {
          this.heard(this.keys.take(value.toString('latin1'), registry.current(), clock.now()));
        },
      }),
      (cause) => failed('opening-key-subscription', cause),
    );
  }

  /** Follows the registry, and feedback's announcements as soon as a snapshot names one. Never rejects, never waits. */
  start(): this {
    const { registry } = this.parts;
    this.stopListening = registry.onChange((view) => this.adopt(view));
    const view = registry.current();
    if (view !== undefined) this.adopt(view);
    return this;
  }

  async stop(): Promise<void> {
    this.stopListening();
    await this.announcements.stop();
  }

  async seal(openings: OpeningsOf): Promise<Uint8Array | undefined> {
    if (openings.subjects.length + openings.users.length === 0) return undefined;
    const { registry, clock, failed, end } = this.parts;
    const nowMs = clock.now();
    const view = registry.current();
    const key = view === undefined ? undefined : this.keys.current(view, nowMs);
    if (key === undefined) {
      this.without(hasFeedback(view) ? 'no-key' : 'no-feedback');
      return undefined;
    }
    try {
      const value = sealOpening({ ...openings, end }, await this.sessions.take(key.instance, key, nowMs));
      this.sealed += 1;
      this.count('sealed');
      return value;
    } catch (cause) {
      // A point of small order, say: feedback's fault, and no reason to refuse an exchange.
      failed('opening-not-sealed', cause);
      this.without('not-sealed');
      return undefined;
    }
  }

  count(event: OpeningEvent): void {
    this.parts.counted(event);
  }

  reading(): OpeningsReading {
    const { registry, clock } = this.parts;
    const view = registry.current();
    const key = view === undefined ? undefined : this.keys.current(view, clock.now());
    const counts = { sealed: this.sealed, unsealed: this.unsealed };
    if (key !== undefined)
      return { state: 'ok', details: { ...counts, kid: key.kid, until: new Date(key.untilMs).toISOString() } };
    if (!hasFeedback(view)) return { state: 'ok', details: { ...counts, feedback: 'none' } };
    return { state: 'degraded', reason: 'feedback has announced no key: openings are not sent', details: counts };
  }

  private without(event: 'no-feedback' | 'no-key' | 'not-sealed'): void {
    this.unsealed += 1;
    this.count(event);
  }

  private adopt(view: RegistryView): void {
    for (const announcement of this.keys.adopt(view, this.parts.clock.now())) this.heard(announcement);
    if (hasFeedback(view)) this.announcements.start();
  }

  private heard(announcement: Announcement): void {
    if (announcement === 'known' || announcement === 'waiting') return;
    this.count(announcement === 'adopted' ? 'opening-key-adopted' : announcement);
  }
}

/** For specs, and wherever nobody is told. */
export const noOpenings: OpeningSealer = {
  seal: () => Promise.resolve(undefined),
  count: () => undefined,
};

/** A record on `feedback.opening`. */
export function openingRecord(exchangeId: ExchangeId, value: Uint8Array): OutgoingRecord {
  const key = exchangeIdBytes(exchangeId);
  const { name, partitions } = fixedTopics.opening;
  return { topic: name, partition: partitionOf(key, partitions), key, value };
}

export function hasFeedback(view: RegistryView | undefined): boolean {
  return view?.instances.some(({ kind }) => kind === 'feedback') === true;
}
